package keyserver

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Server is a key server on this machine, and the wire to it.
type Server struct {
	*Wire
	folder string
	remove bool // the program removes the folder when it ends
	client *http.Client

	mu      sync.Mutex
	process *exec.Cmd
	leash   io.Closer
	ended   chan struct{}
	ready   struct {
		Address   string `json:"address"`
		CAFile    string `json:"ca_file"`
		TokenFile string `json:"token_file"`
		KeyFile   string `json:"key_file"`
		PID       int    `json:"pid"`
	}
	token, key string
	count      int
}

// Start starts a server for one test, which may break it. It ends with the test.
func Start(tb testing.TB) *Server {
	tb.Helper()
	s, err := open(false)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		s.Wire.close()
		s.end(syscall.SIGKILL)
		_ = os.RemoveAll(s.folder)
	})
	return s
}

// shared is the test process's own server; its leash ends it with the process.
var shared struct {
	once   sync.Once
	server *Server
	err    error
}

// Shared is one server for all tests of the process. They leave it as it is: each works on mounts of its own.
func Shared(tb testing.TB) *Server {
	tb.Helper()
	shared.once.Do(func() { shared.server, shared.err = open(true) })
	if shared.err != nil {
		tb.Fatal(shared.err)
	}
	return shared.server
}

func open(remove bool) (*Server, error) {
	folder, err := os.MkdirTemp("", "parlatory-keyserver-")
	if err != nil {
		return nil, fmt.Errorf("folder of the key server: %w", err)
	}
	s := &Server{folder: folder, remove: remove}
	if s.Wire, err = newWire(); err == nil {
		err = s.launch(false)
	}
	if err == nil {
		err = s.meet()
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	return s, nil
}

// launch starts the program and waits for its line.
func (s *Server) launch(sealed bool) error {
	path, err := Build()
	if err != nil {
		return err
	}
	args := []string{"--folder", s.folder, "--leash"}
	if sealed {
		args = append(args, "--sealed")
	}
	if s.remove {
		args = append(args, "--remove")
	}
	c := exec.Command(path, args...)
	var said tail
	c.Stderr = &said
	leash, err := c.StdinPipe()
	if err != nil {
		return fmt.Errorf("key server: %w", err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return fmt.Errorf("key server: %w", err)
	}
	if err := c.Start(); err != nil {
		return fmt.Errorf("key server: %w", err)
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &s.ready)
	}
	if err != nil {
		_ = c.Process.Kill()
		_ = c.Wait() // the first error tells more
		return fmt.Errorf("key server did not start: %w\n%s", err, said.String())
	}
	ended := make(chan struct{})
	go func() {
		_ = c.Wait() // killed, mostly
		close(ended)
	}()
	s.mu.Lock()
	s.process, s.leash, s.ended = c, leash, ended
	s.mu.Unlock()
	s.Wire.to(strings.TrimPrefix(s.ready.Address, "https://"))
	return nil
}

// tail keeps the last of what the program says, for a start that fails.
type tail struct {
	mu sync.Mutex
	b  []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	t.b = t.b[max(0, len(t.b)-8192):]
	return len(p), nil
}

func (t *tail) String() string { t.mu.Lock(); defer t.mu.Unlock(); return string(t.b) }

// meet reads what the first start made.
func (s *Server) meet() error {
	token, err := os.ReadFile(s.ready.TokenFile)
	if err != nil {
		return fmt.Errorf("root token: %w", err)
	}
	key, err := os.ReadFile(s.ready.KeyFile)
	if err != nil {
		return fmt.Errorf("unseal key: %w", err)
	}
	ca, err := os.ReadFile(s.ready.CAFile)
	if err != nil {
		return fmt.Errorf("authority: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return errors.New("authority: no certificate")
	}
	s.token, s.key = string(token), string(key)
	// Tests' own calls go past the wire, so that they work while it is cut.
	s.client = &http.Client{Timeout: time.Minute, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}}
	return nil
}

// Address is https://127.0.0.1:PORT, the same as long as the Server lives.
func (s *Server) Address() string { return "https://" + s.Wire.address() }

// Port is that of Address.
func (s *Server) Port() string { _, port, _ := net.SplitHostPort(s.Wire.address()); return port }

// CAFile is the PEM file of the authority that signed the server's certificate, whose names are 127.0.0.1, ::1 and localhost.
func (s *Server) CAFile() string { return s.ready.CAFile }

// Token is the root token.
func (s *Server) Token() string { return s.token }

// PID is that of the running process.
func (s *Server) PID() int { return s.ready.PID }

func (s *Server) end(with syscall.Signal) {
	s.mu.Lock()
	c, leash, ended := s.process, s.leash, s.ended
	s.process = nil
	s.mu.Unlock()
	if c != nil {
		_ = c.Process.Signal(with) // gone is gone
		<-ended
		_ = leash.Close()
	}
}

// Kill ends the server as a crash would. Its state stays.
func (s *Server) Kill(tb testing.TB) { tb.Helper(); s.end(syscall.SIGKILL) }

// Again starts a killed server, unsealed, at the same Address.
func (s *Server) Again(tb testing.TB) { tb.Helper(); s.again(tb, false) }

// AgainSealed starts a killed server that stays sealed, as one does whose operator is still on the way.
func (s *Server) AgainSealed(tb testing.TB) { tb.Helper(); s.again(tb, true) }

func (s *Server) again(tb testing.TB, sealed bool) {
	tb.Helper()
	s.end(syscall.SIGKILL)
	if err := s.launch(sealed); err != nil {
		tb.Fatal(err)
	}
}
