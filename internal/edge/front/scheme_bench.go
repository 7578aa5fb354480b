//go:build bench

package front

// In a build for the bench, Certificates may be nil: then the listener, which must be on loopback, speaks plaintext, so
// that the cost of TLS can be told from the cost of the rest. Addresses keep the scheme https, so that sites, origins
// and links are the same in both.
const (
	plaintext    = true
	scheme       = "https"
	socketScheme = "wss"
	standardPort = 443
)
