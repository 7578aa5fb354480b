package keyserver

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"

	"parlatory/internal/guard/vault"
)

// Line leads to one server, and to one of its keys. It is safe for many goroutines and holds no connection.
type Line struct {
	o        Options
	host     string // HOST:PORT
	security *tls.Config
	session  session
}

var _ vault.Root = (*Line)(nil)

// New checks the options; it connects to nothing yet.
func New(o Options) (*Line, error) {
	host, err := o.complete()
	if err != nil {
		return nil, err
	}
	l := &Line{o: o, host: host}
	if l.security, err = o.security(); err != nil {
		return nil, err
	}
	l.session.turn = make(chan struct{}, 1)
	return l, nil
}

// call makes one call with a token. One that the server refuses is replaced once. read sees a good answer, inside vault.Erase.
func (l *Line) call(ctx context.Context, r request, read func(answer) error) error {
	ctx, cancel := l.patient(ctx)
	defer cancel()
	token, err := l.token(ctx, "")
	if err != nil {
		return err
	}
	err = l.exchange(ctx, token, r, parsed(read))
	if errors.Is(err, errForbidden) {
		if token, err = l.token(ctx, token); err != nil {
			return err
		}
		err = l.exchange(ctx, token, r, parsed(read))
	}
	if errors.Is(err, errForbidden) {
		return &fault{is: vault.ErrWithdrawn, what: denied}
	}
	return err
}

func parsed(read func(answer) error) func(reply) error {
	return func(r reply) error {
		a, err := parse(r)
		if err != nil {
			return err
		}
		return read(a)
	}
}

func (l *Line) get(ctx context.Context, path string, read func(answer) error) error {
	return l.call(ctx, request{method: http.MethodGet, path: path}, read)
}
