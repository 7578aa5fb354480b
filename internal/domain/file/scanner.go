package file

import (
	"context"
	"io"
)

// Verdict is what a scanner found.
type Verdict struct {
	Clean bool
	Name  string // of the malware that was found, in the scanner's words, at most 128 plain characters; empty if clean
}

// Scanner looks for malware; a line out fills it. Every answer that is not definite is an error, and the caller keeps the file
// shut. A reader that fails is an error too.
type Scanner interface {
	Scan(ctx context.Context, r io.Reader) (Verdict, error)
}
