package mail

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net/mail"
	"net/netip"
	"os"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"parlatory"
	"parlatory/internal/domain/workspace"
)

// Mode is how the connection to the mail server is protected.
type Mode string

// The modes.
const (
	StartTLS Mode = "starttls" // and no mail without it
	TLS      Mode = "tls"      // from the first byte
	Plain    Mode = "plain"    // loopback only
)

// Options describe the mail server.
type Options struct {
	Host     string
	Port     int
	Mode     Mode
	User     string
	Password parlatory.Secret
	From     string // address, with a name if wanted
	CAFile   string // PEM roots; empty: the system's
	Clock    parlatory.Clock
}

// SMTP sends through one server, one connection a mail.
type SMTP struct {
	o     Options
	from  *mail.Address
	roots *x509.CertPool
}

// NewSMTP checks the options; it connects to nothing yet.
func NewSMTP(o Options) (*SMTP, error) {
	if o.Clock == nil {
		o.Clock = parlatory.SystemClock{}
	}
	from, err := mail.ParseAddress(o.From)
	if err != nil {
		return nil, errors.New("mail: sender is no address")
	}
	switch o.Mode {
	case StartTLS, TLS:
	case Plain:
		if a, err := netip.ParseAddr(o.Host); (err != nil || !a.Unmap().IsLoopback()) && o.Host != "localhost" {
			return nil, errors.New("mail: plain is for a server on this machine only")
		}
		if o.User != "" {
			return nil, errors.New("mail: a password would go in clear")
		}
	default:
		return nil, errors.New("mail: mode must be starttls, tls or plain")
	}
	s := &SMTP{o: o, from: from}
	if o.CAFile != "" {
		pem, err := os.ReadFile(o.CAFile)
		if err != nil {
			return nil, fmt.Errorf("mail: roots: %w", err)
		}
		s.roots = x509.NewCertPool()
		if !s.roots.AppendCertsFromPEM(pem) {
			return nil, errors.New("mail: roots: no certificate in file")
		}
	}
	return s, nil
}

// Send delivers one mail to the server, or says why not: KindInvalid for what no repeat will mend, KindUnavailable for
// the rest.
func (s *SMTP) Send(ctx context.Context, m workspace.Mail) error {
	msg, err := s.message(m)
	if err != nil {
		return err
	}
	client, err := gomail.NewClient(s.o.Host, s.options()...)
	if err != nil {
		return parlatory.Internal("mail client", err)
	}
	return judged(client.DialAndSendWithContext(ctx, msg))
}

// aead are the suites of TLS 1.2 that seal with authentication and forward secrecy; 1.3 has no others.
var aead = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
}

func (s *SMTP) options() []gomail.Option {
	_, domain, _ := strings.Cut(s.from.Address, "@")
	options := []gomail.Option{
		gomail.WithPort(s.o.Port), gomail.WithTimeout(30 * time.Second), gomail.WithHELO(domain),
		gomail.WithTLSConfig(&tls.Config{ServerName: s.o.Host, RootCAs: s.roots, MinVersion: tls.VersionTLS12, CipherSuites: aead}),
	}
	switch s.o.Mode {
	case StartTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case TLS:
		options = append(options, gomail.WithSSL())
	case Plain:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if s.o.User != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover),
			gomail.WithUsername(s.o.User), gomail.WithPassword(s.o.Password.Reveal()))
	}
	return options
}

func (s *SMTP) message(m workspace.Mail) (*gomail.Msg, error) {
	to, err := sound(m)
	if err != nil {
		return nil, err
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(s.from)
	msg.ToMailAddress(to)
	msg.Subject(m.Subject)
	msg.SetDateWithValue(s.o.Clock.Now())
	msg.SetMessageIDWithValue(messageID(s.from.Address))
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 §5: no out-of-office answers
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	return msg, nil
}

// sound refuses what could become another header or another recipient.
func sound(m workspace.Mail) (*mail.Address, error) {
	to, err := mail.ParseAddress(m.To)
	if err != nil || to.Name != "" || to.Address != m.To || len(m.To) > 254 {
		return nil, parlatory.Invalid("to", "is no mail address")
	}
	if m.Subject == "" || len(m.Subject) > 500 || strings.ContainsFunc(m.Subject, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return nil, parlatory.Invalid("subject", "is empty, too long or holds control characters")
	}
	if m.Text == "" || len(m.Text)+len(m.HTML) > 1<<20 || strings.Contains(m.Text+m.HTML, "\x00") {
		return nil, parlatory.Invalid("text", "is empty or too long")
	}
	return to, nil
}

// messageID is random, with the sender's domain: the machine's name is nobody's business (RFC 5322 §3.6.4).
func messageID(from string) string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	_, domain, _ := strings.Cut(from, "@")
	return hex.EncodeToString(b[:]) + "@" + domain
}

// judged keeps of a failure its stage and code. The library's text repeats addresses and the server's words.
func judged(err error) error {
	if err == nil {
		return nil
	}
	var sent *gomail.SendError
	if errors.As(err, &sent) && sent.Reason != 0 {
		cause := fmt.Errorf("mail server answered %d in stage %d", sent.ErrorCode(), sent.Reason)
		if !sent.IsTemp() && sent.ErrorCode() >= 500 {
			return parlatory.Fail(parlatory.KindInvalid, "The mail server refused this mail.").Because(cause)
		}
		return parlatory.Fail(parlatory.KindUnavailable, "The mail server does not take this mail now.").Because(cause)
	}
	return parlatory.Fail(parlatory.KindUnavailable, "The mail server is out of reach.").Because(errors.New("mail: " + stage(err)))
}

// stage says where a connection failed in words of ours.
func stage(err error) string {
	var certificate *tls.CertificateVerificationError
	switch text := err.Error(); {
	case errors.As(err, &certificate):
		return "certificate of the mail server is not trusted"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return "time ran out"
	case strings.Contains(text, "STARTTLS"):
		return "mail server does not offer STARTTLS"
	case strings.Contains(text, "AUTH"):
		return "mail server does not let us sign in"
	}
	return "no connection to the mail server"
}
