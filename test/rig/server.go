package rig

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Domain is the bare domain of every server under test. Names under .localhost are loopback by definition (RFC 6761
// §6.3), and the clients here dial the address anyway.
const Domain = "parlatory.localhost"

// Options say what to start.
type Options struct {
	Binary   string // built by Build, or PARLATORY_BINARY
	Dir      string // data, configuration and log; kept between starts
	Plain    bool   // plaintext listener, of a binary with the build tag bench
	Postgres *Postgres
	Mailbox  *Mailbox // of the node that this one stands beside: either may send a mail; without it an own one
	Top      string   // further lines of configuration before its first table
	Extra    string   // and after the last
	Env      []string
	Wrap     []string // a command before the binary, such as prlimit
}

// Postgres are the addresses of a database.
type Postgres struct {
	URL   string // of the serving role
	Owner string // of the role that migrates
}

// Server is a running `parlatory serve`.
type Server struct {
	Options
	Authority *Authority
	Mail      *Mailbox
	Address   string // host:port of the main listener
	Ops       string // of metrics and health

	// Via, where set, is dialled instead of Address: a network that a test can break.
	Via string

	// Watch, where set, sees each request that the clients send, before it goes out.
	Watch func(method, path string, in any)

	cmd  *exec.Cmd
	log  *os.File
	done chan struct{} // closed when the process has ended
	err  error         // how, once done is closed
}

// New prepares a server: ports, certificate, mailbox, configuration. Start starts it, as often as wanted.
func New(o Options) (*Server, error) {
	s := &Server{Options: o}
	for _, dir := range []string{"data", "key"} {
		if err := os.MkdirAll(filepath.Join(o.Dir, dir), 0o700); err != nil {
			return nil, fmt.Errorf("folders: %w", err)
		}
	}
	ports, err := freePorts(2)
	if err != nil {
		return nil, err
	}
	s.Address, s.Ops = ports[0], ports[1]
	if s.Authority, err = NewAuthority(o.Dir, Domain, "*."+Domain); err != nil {
		return nil, err
	}
	if s.Mail = o.Mailbox; s.Mail == nil {
		if s.Mail, err = NewMailbox(); err != nil {
			return nil, err
		}
	}
	if err = errors.Join(s.configure(), s.createKey()); err != nil {
		return nil, errors.Join(err, s.hangUp())
	}
	return s, nil
}

// hangUp closes the mailbox, where it is the own one.
func (s *Server) hangUp() error {
	if s.Mailbox != nil {
		return nil
	}
	return s.Mail.Close()
}

// createKey makes the root key as an operator does, once.
func (s *Server) createKey() error {
	if _, err := os.Stat(s.keyFile()); err == nil {
		return nil
	}
	if out, err := exec.Command(s.Binary, "keys", "create", s.keyFile()).CombinedOutput(); err != nil { //nolint:gosec // the binary under test
		return fmt.Errorf("root key: %w: %s", err, out)
	}
	return nil
}

// freePorts finds ports that were free a moment ago. A server that is restarted must keep its own, so it can't be
// given port 0; and they lie below those from which the system gives out ports of outgoing connections, of which the tests
// open thousands.
func freePorts(n int) (addresses []string, err error) {
	for tries := 0; len(addresses) < n; tries++ {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 10_000+rand.N(20_000)))
		if err != nil && tries > 100 {
			return nil, fmt.Errorf("free port: %w", err)
		}
		if err != nil {
			continue
		}
		defer l.Close()
		addresses = append(addresses, l.Addr().String())
	}
	return addresses, nil
}

// Build gives the binary as it is shipped: the one that PARLATORY_BINARY names, or a fresh one in a folder.
func Build(ctx context.Context, dir string) (string, error) {
	if ready := os.Getenv("PARLATORY_BINARY"); ready != "" {
		return ready, nil
	}
	return Compile(ctx, filepath.Join(dir, "parlatory"))
}

// Compile builds the program with further flags.
func Compile(ctx context.Context, out string, flags ...string) (string, error) {
	args := append(append([]string{"build", "-trimpath"}, flags...), "-o", out, "parlatory/cmd/parlatory")
	cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // flags of tests
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOEXPERIMENT=runtimesecret")
	if msg, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w: %s", out, err, msg)
	}
	return out, nil
}

// Start starts the process and waits until it is ready.
func (s *Server) Start(ctx context.Context) error {
	var err error
	if s.log, err = os.OpenFile(s.LogFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return fmt.Errorf("log: %w", err)
	}
	argv := append(append([]string{}, s.Wrap...), s.Binary, "serve", "--config", s.ConfigFile())
	s.cmd = exec.Command(argv[0], argv[1:]...) //nolint:gosec // the binary under test
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	s.cmd.Env = append(os.Environ(), s.Env...)
	// The server dies with the test that started it, however that ends.
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err = s.cmd.Start(); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	s.done = make(chan struct{})
	go func(cmd *exec.Cmd, log *os.File, done chan struct{}) {
		s.err = cmd.Wait()
		_ = log.Close()
		close(done)
	}(s.cmd, s.log, s.done)
	return s.ready(ctx)
}

func (s *Server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	client := s.Client(Domain)
	defer client.http.CloseIdleConnections()
	for {
		err := client.Do(ctx, "GET", "/api/v1/policies", nil, nil)
		if err == nil {
			return nil
		}
		select {
		case <-s.done:
			return fmt.Errorf("server ended before it was ready: %w\n%s", s.err, s.LogTail())
		case <-ctx.Done():
			return fmt.Errorf("server not ready: %w\n%s", err, s.LogTail())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *Server) dial() string {
	if s.Via != "" {
		return s.Via
	}
	return s.Address
}

// PID of the running process.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Done is closed when the process has ended.
func (s *Server) Done() <-chan struct{} { return s.done }

// Kill ends the process as a power cut would, and waits for it.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill()
	<-s.done
}

// Stop asks the process to end and says whether it did so cleanly.
func (s *Server) Stop() error {
	if s.cmd == nil {
		return nil
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.done:
	case <-time.After(20 * time.Second):
		s.Kill()
		return errors.New("server did not stop in 20 s")
	}
	if s.err != nil {
		return fmt.Errorf("server stopped: %w\n%s", s.err, s.LogTail())
	}
	return nil
}

// Close stops what runs and closes the mailbox.
func (s *Server) Close() error {
	var err error
	if s.cmd != nil {
		select {
		case <-s.done:
		default:
			err = s.Stop()
		}
	}
	return errors.Join(err, s.hangUp())
}

// LogFile is where the process writes.
func (s *Server) LogFile() string { return filepath.Join(s.Dir, "server.log") }

// ConfigFile is what it reads.
func (s *Server) ConfigFile() string { return filepath.Join(s.Dir, "parlatory.toml") }

// LogTail is the end of the log, for the message of a failed test.
func (s *Server) LogTail() string {
	raw, _ := os.ReadFile(s.LogFile())
	return string(raw[max(0, len(raw)-3000):])
}

// Client speaks to one host of the server.
func (s *Server) Client(host string) *Client {
	_, port, _ := net.SplitHostPort(s.Address)
	c := &Client{server: s, Host: host + ":" + port, Header: http.Header{}}
	c.dialer = &net.Dialer{Timeout: 20 * time.Second}
	c.http = &http.Client{
		Timeout: 60 * time.Second,
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return c.dialer.DialContext(ctx, "tcp", s.dial())
			},
			TLSClientConfig:     s.Authority.Client(host),
			MaxIdleConnsPerHost: 4,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c
}

// Client is a browser's worth of state: a host, headers that go with each request, and nothing else.
type Client struct {
	Host   string // with the port
	Header http.Header
	server *Server
	phone  *Authenticator // of the person who is signed in, where they have one
	http   *http.Client
	dialer *net.Dialer
}

// From makes the client one at another address of loopback, before its first request.
func (c *Client) From(address string) *Client {
	c.dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(address)}
	return c
}

// Close ends idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Origin is what a browser would send for a page of this host.
func (c *Client) Origin() string { return "https://" + c.Host }

func (c *Client) scheme() string {
	if c.server.Plain {
		return "http"
	}
	return "https"
}

// Do sends in as JSON (where not nil) and reads the answer into out (where not nil). Cookies that the answer sets are
// kept. An error status is a *Refusal.
func (c *Client) Do(ctx context.Context, method, path string, in, out any) error {
	raw, err := c.Raw(ctx, method, path, in)
	if err != nil {
		return err
	}
	if out == nil {
		return nil
	}
	if err = json.Unmarshal(raw, out); err != nil {
		return fmt.Errorf("%s %s: answer: %w", method, path, err)
	}
	return nil
}

// Answer is all that came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Raw is Do with the bytes of the answer.
func (c *Client) Raw(ctx context.Context, method, path string, in any) ([]byte, error) {
	a, err := c.Send(ctx, method, path, in)
	if err == nil && a.Status >= 300 {
		err = fmt.Errorf("%s %s: %w", method, path, &Refusal{Code: a.Status, Detail: string(a.Body[:min(len(a.Body), 500)])})
	}
	return a.Body, err
}

// Send is Raw with status and headers; an error status is no error.
func (c *Client) Send(ctx context.Context, method, path string, in any) (a Answer, err error) {
	if c.server.Watch != nil {
		c.server.Watch(method, path, in)
	}
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return a, fmt.Errorf("%s %s: request: %w", method, path, err)
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.scheme()+"://"+c.Host+path, body)
	if err != nil {
		return a, fmt.Errorf("%s %s: request: %w", method, path, err)
	}
	for name, values := range c.Header {
		req.Header[name] = values
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if method != http.MethodGet && req.Header.Get("Origin") == "" {
		req.Header.Set("Origin", c.Origin())
	}
	res, err := c.http.Do(req)
	if err != nil {
		return a, fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer res.Body.Close()
	a.Status, a.Header = res.StatusCode, res.Header
	if a.Body, err = io.ReadAll(res.Body); err != nil {
		return a, fmt.Errorf("%s %s: answer: %w", method, path, err)
	}
	for _, cookie := range res.Cookies() {
		c.keep(cookie)
	}
	return a, nil
}

func (c *Client) keep(cookie *http.Cookie) {
	var kept []string
	for _, old := range strings.Split(c.Header.Get("Cookie"), "; ") {
		if old != "" && !strings.HasPrefix(old, cookie.Name+"=") {
			kept = append(kept, old)
		}
	}
	if cookie.MaxAge >= 0 && cookie.Value != "" {
		kept = append(kept, cookie.Name+"="+cookie.Value)
	}
	c.Header.Set("Cookie", strings.Join(kept, "; "))
}

// WebSocket opens one with the client's headers.
func (c *Client) WebSocket(ctx context.Context, path string) (*Conn, error) {
	raw, err := c.dialer.DialContext(ctx, "tcp", c.server.dial())
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	if !c.server.Plain {
		name, _, _ := strings.Cut(c.Host, ":")
		raw = tls.Client(raw, c.server.Authority.Client(name))
	}
	header := c.Header.Clone()
	if header.Get("Origin") == "" {
		header.Set("Origin", c.Origin())
	}
	ws, err := Handshake(raw, c.Host, path, header)
	if err != nil {
		_ = raw.Close()
		return nil, err
	}
	return ws, nil
}
