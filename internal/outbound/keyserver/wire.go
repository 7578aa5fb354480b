package keyserver

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"parlatory/internal/guard/vault"
)

// answerMost bounds an answer's body, wireMost all that a connection may bring after TLS.
const (
	answerMost = 64 << 10
	wireMost   = answerMost + 16<<10
)

// request is one call of the API.
type request struct {
	method string
	path   string // without /v1/, of plain names only
	// body appends the JSON; it runs inside vault.Erase. nil: none.
	body func(dst []byte) []byte
	size int // room for the body, so that it grows no second time
}

// reply is what came back; it lives inside vault.Erase.
type reply struct {
	status int
	body   []byte
}

// exchange makes one call on a connection of its own. read runs inside vault.Erase, as everything does that sees the bytes in clear: nothing
// of the reply may be kept, but what read copies out. The errors are vault.ErrAway, read's own, or the caller's end.
func (l *Line) exchange(ctx context.Context, token string, r request, read func(reply) error) error {
	conn, err := l.o.Dial(ctx, "tcp", l.host)
	if err != nil {
		return l.unreached(ctx, "no connection")
	}
	defer conn.Close()
	if until, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(until) // a connection that cannot have one fails below
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	vault.Erase(func() {
		var got reply
		if got, err = l.converse(ctx, conn, token, r); err == nil {
			err = read(got)
		}
	})
	return err
}

// converse must run inside vault.Erase.
func (l *Line) converse(ctx context.Context, conn net.Conn, token string, r request) (reply, error) {
	sealed := tls.Client(conn, l.security)
	// With a context that never ends the handshake starts no goroutine; the connection's deadline ends it.
	if err := sealed.HandshakeContext(context.Background()); err != nil {
		return reply{}, l.unreached(ctx, handshakeFault(err))
	}
	if _, err := sealed.Write(l.write(token, r)); err != nil {
		return reply{}, l.away(ctx, "the request could not be sent")
	}
	answer, err := http.ReadResponse(bufio.NewReader(io.LimitReader(sealed, wireMost)), &http.Request{Method: r.method})
	if err != nil {
		return reply{}, l.away(ctx, "no answer")
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, answerMost+1))
	if err != nil || len(body) > answerMost {
		return reply{}, l.away(ctx, "the answer broke off or is too long")
	}
	return reply{answer.StatusCode, body}, nil
}

// write is the request on the wire (RFC 9112 §3). The parts are of plain characters: Options, tokens and paths were checked.
func (l *Line) write(token string, r request) []byte {
	var body []byte
	if r.body != nil {
		body = r.body(make([]byte, 0, r.size))
	}
	b := make([]byte, 0, 512+len(r.path)+len(token)+len(body))
	b = append(b, r.method+" /v1/"+r.path+" HTTP/1.1\r\nHost: "+l.host+"\r\nUser-Agent: parlatory\r\nConnection: close\r\nX-Vault-Request: true\r\n"...)
	if l.o.Namespace != "" {
		b = append(b, "X-Vault-Namespace: "+l.o.Namespace+"\r\n"...)
	}
	if token != "" {
		b = append(append(append(b, "X-Vault-Token: "...), token...), "\r\n"...)
	}
	if r.body != nil {
		b = append(strconv.AppendInt(append(b, "Content-Type: application/json\r\nContent-Length: "...), int64(len(body)), 10), "\r\n"...)
	}
	return append(append(b, "\r\n"...), body...)
}

// handshakeFault says what is wrong with TLS, without names.
func handshakeFault(err error) string {
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &authority):
		return "its certificate is not signed by the configured authority"
	case errors.As(err, &name):
		return "its certificate carries another name"
	case errors.As(err, &invalid):
		return "its certificate is not valid"
	}
	return "no TLS 1.3 connection"
}

// fault is why an act failed: a sentence of ours, and which of the vault's errors it is.
type fault struct {
	is   error
	what string
	// outside is a failure before the server has proved who it is.
	outside bool
}

func (f *fault) Error() string { return f.is.Error() + ": " + f.what }
func (f *fault) Unwrap() error { return f.is }

// away is vault.ErrAway, or the caller's own end.
func (l *Line) away(ctx context.Context, what string) error {
	if cause := context.Cause(ctx); cause != nil {
		if !errors.Is(cause, errSlow) {
			return fmt.Errorf("key server: %w", cause)
		}
		what = "no answer in time"
	}
	return &fault{is: vault.ErrAway, what: what}
}

// unreached is away before TLS to a verified certificate stands.
func (l *Line) unreached(ctx context.Context, what string) error {
	err := l.away(ctx, what)
	var f *fault
	if errors.As(err, &f) {
		f.outside = true
	}
	return err
}

// errSlow marks the end of our own patience, which is no end of the caller's: those who wait with it must not start over one after another.
var errSlow = errors.New("no answer in time")

func (l *Line) patient(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, l.o.Timeout, errSlow)
}
