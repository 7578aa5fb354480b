package keyserver

import (
	"context"
	"log/slog"
	"net"
	"time"

	"parlatory"
	"parlatory/internal/domain/keys"
	"parlatory/internal/guard/vault"
)

// Own opens lines to workspaces' own key servers (keys.Lines). Their addresses are set by workspaces: Dial is the one dialler that refuses
// what they must not reach.
type Own struct {
	Dial  func(ctx context.Context, network, address string) (net.Conn, error)
	Clock parlatory.Clock
	Log   *slog.Logger
}

var _ keys.Lines = Own{}

// ownTimeout bounds one call; the dialler has its own bound for the connection.
const ownTimeout = 5 * time.Second

func (o Own) line(s keys.Server) (*Line, error) {
	options := Options{
		Address: s.Address, Namespace: s.Namespace, Mount: s.Mount, Key: s.Key, CA: []byte(s.CA),
		Timeout: ownTimeout, Dial: o.Dial, Clock: o.Clock, Log: o.Log,
	}
	if s.RoleID != "" {
		options.Auth.AppRole = &AppRole{Mount: s.AuthMount, RoleID: s.RoleID, SecretID: s.SecretID}
	} else {
		options.Auth.Certificate = &Certificate{Mount: s.AuthMount, Cert: []byte(s.Certificate), Key: s.CertificateKey}
	}
	return New(options)
}

// Root opens a line; nothing is connected yet.
func (o Own) Root(s keys.Server) (vault.Root, error) {
	l, err := o.line(s)
	if err != nil {
		return nil, parlatory.Fail(parlatory.KindInvalid, sentence(err)).Because(err)
	}
	return l, nil
}

// Check goes the whole way once.
func (o Own) Check(ctx context.Context, s keys.Server) error {
	l, err := o.line(s)
	if err != nil {
		return parlatory.Fail(parlatory.KindInvalid, sentence(err)).Because(err)
	}
	return l.Check(ctx)
}

// sentence is an error of the options, which repeats no value, as a sentence.
func sentence(err error) string {
	s := err.Error()
	const head = "key server: "
	if len(s) > len(head) && s[:len(head)] == head {
		s = s[len(head):]
	}
	if s == "" {
		return "These settings can't be right."
	}
	return string(s[0]-'a'+'A') + s[1:] + "."
}
