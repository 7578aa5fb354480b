package app

import (
	"context"
	"log/slog"
	"net"
	"time"

	"parlatory"
	"parlatory/internal/domain/keys"
	"parlatory/internal/guard/vault"
	"parlatory/internal/outbound/keyserver"
)

// ownServers opens lines to workspaces' own key servers (keys.Lines). Their addresses are set by workspaces: dial is the one dialler that refuses
// what they must not reach.
type ownServers struct {
	dial  func(ctx context.Context, network, address string) (net.Conn, error)
	clock parlatory.Clock
	log   *slog.Logger
}

var _ keys.Lines = ownServers{}

// ownTimeout bounds one call; the dialler has its own bound for the connection.
const ownTimeout = 5 * time.Second

func (o ownServers) line(s keys.Server) (*keyserver.Line, error) {
	options := keyserver.Options{
		Address: s.Address, Namespace: s.Namespace, Mount: s.Mount, Key: s.Key, CA: []byte(s.CA),
		Timeout: ownTimeout, Dial: o.dial, Discreet: true, Clock: o.clock, Log: o.log,
	}
	if s.RoleID != "" {
		options.Auth.AppRole = &keyserver.AppRole{Mount: s.AuthMount, RoleID: s.RoleID, SecretID: s.SecretID}
	} else {
		options.Auth.Certificate = &keyserver.Certificate{Mount: s.AuthMount, Cert: []byte(s.Certificate), Key: s.CertificateKey}
	}
	return keyserver.New(options)
}

// Root opens a line; nothing is connected yet.
func (o ownServers) Root(s keys.Server) (vault.Root, error) {
	l, err := o.line(s)
	if err != nil {
		return nil, parlatory.Fail(parlatory.KindInvalid, sentence(err)).Because(err)
	}
	return l, nil
}

// Check goes the whole way once.
func (o ownServers) Check(ctx context.Context, s keys.Server) error {
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
