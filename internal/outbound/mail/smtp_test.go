package mail

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"parlatory"
	"parlatory/internal/domain/workspace"
)

// post is a real mail server on loopback with a certificate of its own.
type post struct {
	mu     sync.Mutex
	got    []string
	to     []string
	user   string
	secure []bool
	refuse *smtp.SMTPError
}

func (p *post) NewSession(c *smtp.Conn) (smtp.Session, error) { return &session{p: p, c: c}, nil }

type session struct {
	p *post
	c *smtp.Conn
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "parlatory" || password != "right" {
			return smtp.ErrAuthFailed
		}
		s.p.mu.Lock()
		defer s.p.mu.Unlock()
		s.p.user = user
		return nil
	}), nil
}
func (s *session) Mail(string, *smtp.MailOptions) error { return nil }
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.p.refuse != nil {
		return s.p.refuse
	}
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	s.p.to = append(s.p.to, to)
	return nil
}
func (s *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	_, secure := s.c.TLSConnectionState()
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	s.p.got, s.p.secure = append(s.p.got, string(b)), append(s.p.secure, secure)
	return err
}
func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// open starts the server; mode none offers no TLS at all. It gives the options that a good client would have.
func open(t *testing.T, p *post, mode string) Options {
	t.Helper()
	cert, roots := certificate(t)
	srv := smtp.NewServer(p)
	srv.Domain, srv.ReadTimeout, srv.WriteTimeout = "localhost", 5*time.Second, 5*time.Second
	config := &tls.Config{Certificates: []tls.Certificate{cert}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	switch mode {
	case "starttls":
		srv.TLSConfig = config
	case "tls":
		l = tls.NewListener(l, config)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close(); <-done })
	return Options{Host: "127.0.0.1", Port: port, Mode: StartTLS, From: "Parlatory <no-reply@chat.example>", CAFile: roots}
}

func certificate(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

func mustSMTP(t *testing.T, o Options) *SMTP {
	t.Helper()
	s, err := NewSMTP(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var letter = workspace.Mail{To: "dana@acme.example", Subject: "Grüße: set a password", Text: "Open https://chat.example/x\n.\nThe end.", HTML: "<p>Open</p>"}

func TestMailArrivesOverTLS(t *testing.T) {
	for _, mode := range []Mode{StartTLS, TLS} {
		t.Run(string(mode), func(t *testing.T) {
			p := &post{}
			o := open(t, p, string(mode))
			o.Mode, o.User, o.Password = mode, "parlatory", parlatory.NewSecret("right")
			if err := mustSMTP(t, o).Send(t.Context(), letter); err != nil {
				t.Fatal(err)
			}
			if len(p.got) != 1 || !p.secure[0] || p.user != "parlatory" || len(p.to) != 1 || p.to[0] != letter.To {
				t.Fatalf("the server got %d mails, secure %v, user %q, to %v", len(p.got), p.secure, p.user, p.to)
			}
			m, err := netmail.ReadMessage(strings.NewReader(p.got[0]))
			if err != nil {
				t.Fatal(err)
			}
			host, _ := os.Hostname()
			if !strings.HasSuffix(m.Header.Get("Message-Id"), "@chat.example>") || strings.Contains(p.got[0], host) || m.Header.Get("User-Agent") != "" {
				t.Errorf("the head tells of the machine: %v", m.Header)
			}
			if !strings.Contains(p.got[0], "multipart/alternative") || !strings.Contains(p.got[0], "The end.") {
				t.Error("a part is missing")
			}
		})
	}
}

// A man in the middle who takes STARTTLS out of the answer, or answers with a certificate of their own, gets no mail.
func TestNoMailInClear(t *testing.T) {
	p := &post{}
	for name, change := range map[string]func(*Options){
		"no STARTTLS offered":   func(o *Options) {},
		"unknown certificate":   func(o *Options) { o.CAFile = "" },
		"another name":          func(o *Options) { o.Host = "localhost" },
		"TLS to a plain server": func(o *Options) { o.Mode = TLS },
	} {
		offered := "starttls"
		if strings.Contains(name, "offered") || strings.Contains(name, "plain") {
			offered = "none"
		}
		o := open(t, p, offered)
		change(&o)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		err := mustSMTP(t, o).Send(ctx, letter)
		cancel()
		if parlatory.KindOf(err) != parlatory.KindUnavailable {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "dana") {
			t.Errorf("%s: the error names a person: %v", name, err)
		}
	}
	if len(p.got) > 0 {
		t.Error("mail arrived")
	}
}

func TestPlainStaysOnThisMachine(t *testing.T) {
	for _, o := range []Options{
		{Host: "mail.example", Mode: Plain, From: "a@b.example"},
		{Host: "10.0.0.1", Mode: Plain, From: "a@b.example"},
		{Host: "127.0.0.1", Mode: Plain, From: "a@b.example", User: "u"},
		{Host: "127.0.0.1", Mode: "", From: "a@b.example"},
	} {
		if _, err := NewSMTP(o); err == nil {
			t.Errorf("taken: %+v", o)
		}
	}
	p := &post{}
	o := open(t, p, "none")
	o.Mode = Plain
	if err := mustSMTP(t, o).Send(t.Context(), letter); err != nil || len(p.got) != 1 {
		t.Errorf("plain on loopback: %v", err)
	}
}

func TestRefusalsKeepTheirKindAndTellNothing(t *testing.T) {
	for code, want := range map[int]parlatory.Kind{550: parlatory.KindInvalid, 451: parlatory.KindUnavailable} {
		p := &post{refuse: &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: "no dana@acme.example here"}}
		err := mustSMTP(t, open(t, p, "starttls")).Send(t.Context(), letter)
		if parlatory.KindOf(err) != want || err == nil || strings.Contains(err.Error(), "dana") {
			t.Errorf("%d: %v", code, err)
		}
	}
	p := &post{}
	o := open(t, p, "starttls")
	o.User, o.Password = "parlatory", parlatory.NewSecret("hunter2")
	if err := mustSMTP(t, o).Send(t.Context(), letter); err == nil || strings.Contains(err.Error(), "hunter2") || len(p.got) > 0 {
		t.Errorf("wrong password: %v", err)
	}
}

func TestHeaderInjectionIsRefused(t *testing.T) {
	p := &post{}
	s := mustSMTP(t, open(t, p, "starttls"))
	box := NewKept()
	for _, change := range []func(*workspace.Mail){
		func(m *workspace.Mail) { m.To = "dana@acme.example\r\nBcc: eve@evil.example" },
		func(m *workspace.Mail) { m.To = "dana@acme.example, eve@evil.example" },
		func(m *workspace.Mail) { m.To = "Dana <dana@acme.example>" },
		func(m *workspace.Mail) { m.To = "dana@acme.example>\r\nRCPT TO:<eve@evil.example" },
		func(m *workspace.Mail) { m.Subject = "hello\r\nBcc: eve@evil.example" },
		func(m *workspace.Mail) { m.Subject = "hello\nX: y" },
		func(m *workspace.Mail) { m.Subject = "hello\x00" },
		func(m *workspace.Mail) { m.Subject = "" },
		func(m *workspace.Mail) { m.Text = "" },
	} {
		m := letter
		change(&m)
		for _, mailer := range []workspace.Mailer{s, box} {
			if err := mailer.Send(t.Context(), m); parlatory.KindOf(err) != parlatory.KindInvalid {
				t.Errorf("%T %+v: %v", mailer, m, err)
			}
		}
	}
	if len(p.got) > 0 || len(box.Letters()) > 0 {
		t.Error("a mail went out")
	}
	// A line of one dot, and lines that look like heads, stay in the body.
	m := letter
	m.HTML, m.Text = "", "one\n.\nBcc: eve@evil.example\n.\r\nQUIT\r\n"
	if err := s.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got, err := netmail.ReadMessage(strings.NewReader(p.got[0]))
	if err != nil || got.Header.Get("Bcc") != "" || len(p.got) != 1 {
		t.Errorf("%v %v", got, err)
	}
}

func TestOutOfReach(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	err = mustSMTP(t, Options{Host: "127.0.0.1", Port: port, Mode: StartTLS, From: "a@b.example"}).Send(t.Context(), letter)
	var e *parlatory.Error
	if !errors.As(err, &e) || e.Kind != parlatory.KindUnavailable {
		t.Error(err)
	}
}

func TestKeptIsBounded(t *testing.T) {
	box := NewKept()
	for range keep + 50 {
		if err := box.Send(t.Context(), letter); err != nil {
			t.Fatal(err)
		}
	}
	got := box.Letters()
	if len(got) != keep || got[0].Number != keep+50 || got[keep-1].Number != 51 {
		t.Errorf("%d letters, newest %d", len(got), got[0].Number)
	}
}
