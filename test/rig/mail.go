package rig

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Mailbox takes the mail that a server under test sends: the least of SMTP (RFC 5321) that a client needs, on
// loopback, and what came in by recipient.
type Mailbox struct {
	listener net.Listener
	wait     sync.WaitGroup

	mu    sync.Mutex
	mails map[string][]string // text part, by recipient
	came  chan struct{}       // closed and made anew at each mail
}

// NewMailbox listens on a free port.
func NewMailbox() (*Mailbox, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("mail listener: %w", err)
	}
	m := &Mailbox{listener: l, mails: map[string][]string{}, came: make(chan struct{})}
	m.wait.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_ = m.session(c)
			}()
		}
	})
	return m, nil
}

// Address is host:port.
func (m *Mailbox) Address() string { return m.listener.Addr().String() }

// Close stops listening.
func (m *Mailbox) Close() error {
	err := m.listener.Close()
	m.wait.Wait()
	return err
}

func (m *Mailbox) session(c net.Conn) error {
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	r := bufio.NewReader(c)
	say := func(s string) { _, _ = io.WriteString(c, s+"\r\n") }
	say("220 rig")
	var to []string
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return err
		}
		line = strings.TrimRight(line, "\r\n")
		switch verb := strings.ToUpper(line); {
		case strings.HasPrefix(verb, "EHLO"):
			say("250-rig\r\n250-8BITMIME\r\n250 SMTPUTF8")
		case strings.HasPrefix(verb, "RCPT TO:"):
			address, _, _ := strings.Cut(line[len("RCPT TO:"):], ">")
			to = append(to, strings.ToLower(strings.TrimLeft(address, " <")))
			say("250 ok")
		case verb == "DATA":
			say("354 go on")
			text, err := data(r)
			if err != nil {
				say("554 not understood")
				return err
			}
			m.keep(to, text)
			to = nil
			say("250 kept")
		case verb == "QUIT":
			say("221 bye")
			return nil
		default: // HELO, MAIL, RSET, NOOP
			say("250 ok")
		}
	}
}

// data reads up to the lone dot (RFC 5321 §4.5.2) and gives the text of the mail.
func data(r *bufio.Reader) (string, error) {
	var raw strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return "", err
		}
		if line == ".\r\n" {
			break
		}
		raw.WriteString(strings.TrimPrefix(line, "."))
	}
	msg, err := mail.ReadMessage(strings.NewReader(raw.String()))
	if err != nil {
		return "", fmt.Errorf("mail: %w", err)
	}
	return part(msg.Header.Get("Content-Type"), msg.Header.Get("Content-Transfer-Encoding"), msg.Body)
}

// part gives the first text part.
func part(kind, encoding string, body io.Reader) (string, error) {
	media, params, err := mime.ParseMediaType(kind)
	if err != nil {
		media = "text/plain"
	}
	if strings.HasPrefix(media, "multipart/") {
		first, err := multipart.NewReader(body, params["boundary"]).NextRawPart()
		if err != nil {
			return "", fmt.Errorf("mail part: %w", err)
		}
		return part(first.Header.Get("Content-Type"), first.Header.Get("Content-Transfer-Encoding"), first)
	}
	if strings.EqualFold(encoding, "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	return string(text), err
}

func (m *Mailbox) keep(to []string, text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, who := range to {
		m.mails[who] = append(m.mails[who], text)
	}
	close(m.came)
	m.came = make(chan struct{})
}

// tokenForm is 32 bytes in base64url without padding, standing alone.
var tokenForm = regexp.MustCompile(`(?:^|[^A-Za-z0-9_-])([A-Za-z0-9_-]{43})(?:[^A-Za-z0-9_-]|$)`)

// Token waits for a mail to the address that has a link, and takes the token out of it. Each mail is taken once.
func (m *Mailbox) Token(ctx context.Context, address string) (string, error) {
	for {
		m.mu.Lock()
		came, mails := m.came, m.mails[strings.ToLower(address)]
		if len(mails) > 0 {
			m.mails[strings.ToLower(address)] = mails[1:]
		}
		m.mu.Unlock()
		if len(mails) > 0 {
			if found := tokenForm.FindStringSubmatch(mails[0]); found != nil {
				return found[1], nil
			}
			continue // a letter that only tells something
		}
		select {
		case <-came:
		case <-ctx.Done():
			return "", fmt.Errorf("no mail to %s: %w", address, ctx.Err())
		}
	}
}
