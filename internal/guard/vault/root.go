package vault

import (
	"context"
	"errors"
	"time"

	"parlatory"
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

var (
	// ErrAway is a key server that gives no answer for now: keys in memory serve for the grace that was set.
	ErrAway = errors.New("key server is out of reach")
	// ErrWithdrawn is a definite refusal: all keys below are wiped from memory at once.
	ErrWithdrawn = errors.New("key server refuses the key")
)

// The names of roots in workspace_keys.root.
const (
	RootFile   = "file"   // the operator's key file
	RootServer = "server" // the operator's key server
	RootOwn    = "own"    // the workspace's own key server
)

// Anchor is a root and for how long, after the last confirmation has run out, keys below it serve while it is away.
type Anchor struct {
	Root  Root
	Grace time.Duration
}

// Anchors finds the root that a workspace's key names. An unknown name is an error.
type Anchors interface {
	Anchor(ctx context.Context, ws parlatory.WorkspaceID, name string) (Anchor, error)
}

// Fixed are anchors that all workspaces share, by name.
type Fixed map[string]Anchor

// Anchor finds one by its name.
func (f Fixed) Anchor(_ context.Context, _ parlatory.WorkspaceID, name string) (Anchor, error) {
	a, ok := f[name]
	if !ok {
		return a, errors.New("no root key of the kind " + name + " is configured")
	}
	return a, nil
}

// Erase runs f and leaves none of its registers, stack and freed memory behind. It is for lines out that carry raw keys; goroutines that
// f starts are not covered, and what f hands out is the caller's to clear.
func Erase(f func()) { erase(f) }
