package keycommand

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"
)

// Limit is how long a command may take: somebody may have to touch a token.
const Limit = 2 * time.Minute

// Open gives vault.KeyFile's Command for a program and its arguments.
func Open(argv []string) func(ctx context.Context, sealed, out []byte) (int, error) {
	return func(ctx context.Context, sealed, out []byte) (int, error) {
		if len(argv) == 0 {
			return 0, errors.New("no command")
		}
		ctx, cancel := context.WithTimeout(ctx, Limit)
		defer cancel()
		c := exec.CommandContext(ctx, argv[0], argv[1:]...) //nolint:gosec // G204: the operator's own configuration
		c.WaitDelay = time.Second
		c.Stdin = bytes.NewReader(sealed)
		// A pipe that this goroutine reads into the caller's memory: os/exec would copy through buffers of its own.
		pipe, err := c.StdoutPipe()
		if err != nil {
			return 0, err
		}
		if err := c.Start(); err != nil {
			return 0, fmt.Errorf("start %s: %w", argv[0], err)
		}
		n, err := readAll(pipe, out)
		if err != nil {
			cancel()
		}
		if wait := c.Wait(); err == nil && wait != nil {
			err = fmt.Errorf("%s: %w", argv[0], wait)
		}
		return n, err
	}
}

// readAll fills out; more than fits is no key file.
func readAll(r io.Reader, out []byte) (n int, err error) {
	for n < len(out) {
		got, err := r.Read(out[n:])
		n += got
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, errors.New("its output could not be read")
		}
	}
	return n, errors.New("it wrote more than a key file holds")
}
