//go:build !bench

package front

// The program speaks TLS only. A plaintext listener exists in builds for the bench, and nowhere else.
const (
	plaintext    = false
	scheme       = "https"
	socketScheme = "wss"
	standardPort = 443
)
