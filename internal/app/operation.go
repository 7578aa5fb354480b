package app

import (
	"context"

	"parlatory"
	"parlatory/internal/domain/security"
)

// operation is what the checklist says of how the server is run. These points are the operator's.
type operation struct {
	proxies int
	vouched bool // the PROXY protocol
	refused bool // the operator's own list of passwords
}

// Points is security.Facts'.
func (o operation) Points(context.Context, parlatory.Actor) ([]security.Point, error) {
	address := security.Point{ID: "client-address", Group: "Operation", Title: "The server sees the real addresses", State: security.IsOn,
		Detail: "Browsers connect to it directly. If a proxy stands before it, its operator has to list it.",
		Risk:   "Behind a proxy that is not listed, all visitors and staff seem to come from one address: lists and limits judge the proxy."}
	if o.proxies > 0 {
		address.Detail = "A listed proxy says who connects; nobody else is believed."
	}
	if o.vouched {
		address.Detail += " It does so by the PROXY protocol."
	}
	passwords := security.Point{ID: "refused-passwords", Group: "Operation", Title: "Published passwords are refused", State: security.IsOn,
		Detail: "By the list that comes with the server.", Risk: "The first passwords that anybody tries are those that were published."}
	if o.refused {
		passwords.Detail = "By a list of the operator's own."
	}
	return []security.Point{address, passwords}, nil
}
