package vault

import (
	"context"
	"errors"
)

// Root wraps workspace keys: a key file, or a key of a key server. What Unwrap returns is cleared by the caller.
type Root interface {
	// Wrap wraps a key of 32 bytes; ad is bound to it.
	Wrap(ctx context.Context, key, ad []byte) ([]byte, error)
	// Unwrap gives the raw key. ErrAway: no answer for now. ErrWithdrawn: a definite refusal. ErrOpen: these bytes are not what was wrapped.
	Unwrap(ctx context.Context, wrapped, ad []byte) ([]byte, error)
	// Version names the root key's version that Wrap uses now; VersionOf the one that wrapped says it is under, "" if it says none.
	Version(ctx context.Context) (string, error)
	VersionOf(wrapped []byte) string
	// Rotate begins a new version; what older ones wrapped still opens.
	Rotate(ctx context.Context) error
}

// What a Root says when a key server stands behind it.
var (
	ErrAway      = errors.New("key server is out of reach")
	ErrWithdrawn = errors.New("key server refuses the key")
)

// Erase runs f and leaves none of its registers, stack and freed memory behind. It is for lines out that carry raw keys; goroutines that
// f starts are not covered, and what f hands out is the caller's to clear.
func Erase(f func()) { erase(f) }
