package security

import (
	"context"

	"parlatory"
)

// State of a point of the checklist.
type State string

// The states.
const (
	IsOn     State = "on"
	IsPartly State = "partly"
	IsOff    State = "off"
)

// Point is one thing that somebody is responsible for.
type Point struct {
	ID     string
	Group  string // "Sign-in", "Access", "Visitors", "People", "Operation"
	Title  string
	State  State
	Detail string // what is set
	Risk   string // what may happen where it is not
	Card   string // where to change it: a path of the console; empty: the operator's
}

// Facts gives the points that another room knows.
type Facts interface {
	Points(ctx context.Context, actor parlatory.Actor) ([]Point, error)
}
