package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"parlatory/test/rig"
)

// loadSpec is what the load process reads from its input.
type loadSpec struct {
	Address string  // where to dial
	CA      string  // file of the authority; empty for plaintext
	Users   []user  // one socket each
	Rate    float64 // messages a second offered by all; 0 is the closed loop
	Warmup  time.Duration
	Window  time.Duration
	PIDs    []int // processes whose time, with their descendants', is counted
	Server  int   // process whose memory is read
}

// user is one socket. A message counts as delivered when every other user of the room has received it.
type user struct {
	Host    string // Host header and TLS server name
	Path    string
	Header  http.Header
	Connect string // data of the connect command, as JSON; may be empty
	Room    string
	Posts   bool
}

// result is one figure set of one run.
type result struct {
	Messages      int     `json:"messages"`
	Seconds       float64 `json:"seconds"`
	PerSecond     float64 `json:"messages_per_s"`
	CPU           float64 `json:"cpu_s"`
	PerCore       float64 `json:"messages_per_core_s"`
	DeliveredCore float64 `json:"deliveries_per_core_s"`
	P50           float64 `json:"p50_ms"`
	P99           float64 `json:"p99_ms"`
	Max           float64 `json:"max_ms"`
	Peak          float64 `json:"peak_mb"`
}

const (
	bodySize = 200
	slots    = 256 // messages of one user under way at most, in the open loop
)

// flight is a message under way.
type flight struct {
	sent atomic.Int64 // nanoseconds since the load's start
	left atomic.Int32 // receipts, own acknowledgement included, that are still owed
}

type socket struct {
	user
	index   int
	load    *load
	ws      *rig.Conn
	others  int32 // listeners of the room besides this one
	n       atomic.Int64
	flights [slots]flight

	times []uint32 // microseconds, of receipts by this socket; its reader's own

	mu    sync.Mutex
	frame []byte
}

type load struct {
	spec      loadSpec
	start     time.Time
	mark      uint32 // makes the ids of one run unlike another's
	sockets   []*socket
	measuring atomic.Bool
	done      atomic.Int64 // messages acknowledged and delivered to all
	delivered atomic.Int64
	fail      chan error
	holds     bool // sockets are only held
}

// runLoad is the sub-command: a specification in, one line of JSON out.
func runLoad() error {
	debug.SetGCPercent(800)
	var spec loadSpec
	if err := json.NewDecoder(os.Stdin).Decode(&spec); err != nil {
		return fmt.Errorf("load specification: %w", err)
	}
	l := &load{spec: spec, start: time.Now(), fail: make(chan error, 1)}
	var b [4]byte
	_, _ = rand.Read(b[:])
	l.mark = binary.BigEndian.Uint32(b[:])
	if err := l.connect(); err != nil {
		return err
	}
	res, err := l.measure()
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(res)
}

// runHold is the sub-command that connects, says so, and stays until its input ends. A connection that ends before
// that is a failure.
func runHold() error {
	var spec loadSpec
	in := json.NewDecoder(os.Stdin)
	if err := in.Decode(&spec); err != nil {
		return fmt.Errorf("load specification: %w", err)
	}
	l := &load{spec: spec, start: time.Now(), fail: make(chan error, 1), holds: true}
	if err := l.connect(); err != nil {
		return err
	}
	fmt.Println(len(l.sockets))
	end := make(chan struct{})
	go func() {
		_ = in.Decode(&struct{}{})
		close(end)
	}()
	select {
	case err := <-l.fail:
		return err
	case <-end:
		return nil
	}
}

func (l *load) connect() error {
	dial, err := dialler(l.spec.Address, l.spec.CA)
	if err != nil {
		return err
	}
	rooms := map[string]int32{}
	for _, u := range l.spec.Users {
		rooms[u.Room]++
	}
	for i, u := range l.spec.Users {
		s := &socket{user: u, index: i, load: l, others: rooms[u.Room] - 1}
		if s.ws, err = dial(u); err != nil {
			return fmt.Errorf("user %d: %w", i, err)
		}
		if err = s.enter(); err != nil {
			return fmt.Errorf("user %d: %w", i, err)
		}
		l.sockets = append(l.sockets, s)
		if l.holds {
			go s.run() // thousands take longer to connect than the first one may leave a ping unanswered
		}
	}
	if !l.holds {
		for _, s := range l.sockets {
			go s.run() // not before all are there, since a message names its author by place
		}
	}
	return nil
}

// dialler gives the function that opens a user's WebSocket.
func dialler(address, ca string) (func(user) (*rig.Conn, error), error) {
	var pool *x509.CertPool
	if ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return nil, fmt.Errorf("authority: %w", err)
		}
		pool = x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, errors.New("authority: no certificate in the file")
		}
	}
	return func(u user) (*rig.Conn, error) {
		c, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(context.Background(), "tcp", address)
		if err != nil {
			return nil, fmt.Errorf("dial: %w", err)
		}
		if pool != nil {
			name, _, _ := strings.Cut(u.Host, ":")
			c = tls.Client(c, &tls.Config{RootCAs: pool, ServerName: name, MinVersion: tls.VersionTLS13})
		}
		return rig.Handshake(c, u.Host, u.Path, u.Header)
	}, nil
}

// enter connects and opens the room.
func (s *socket) enter() error {
	data := s.Connect
	if data == "" {
		data = "{}"
	}
	if err := s.ask(`{"id":1,"connect":{"data":` + data + `}}`); err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	if s.Room == "" {
		return nil
	}
	if err := s.ask(`{"id":2,"rpc":{"method":"chat.open","data":{"room":"` + s.Room + `"}}}`); err != nil {
		return fmt.Errorf("open room: %w", err)
	}
	return nil
}

// ask sends a command before the reader runs, and waits for its reply; what comes in between is dropped.
func (s *socket) ask(cmd string) error {
	if err := s.ws.Write([]byte(cmd)); err != nil {
		return err
	}
	for {
		raw, err := s.ws.Read()
		if err != nil {
			return err
		}
		for line := range bytes.Lines(raw) {
			line = bytes.TrimSpace(line)
			switch {
			case bytes.Equal(line, []byte("{}")):
				if err := s.ws.Write(line); err != nil {
					return err
				}
			case !bytes.HasPrefix(line, []byte(`{"id":`)):
			case bytes.Contains(line, []byte(`"error":`)):
				return fmt.Errorf("refused: %s", line)
			default:
				return nil
			}
		}
	}
}

// run reads until the connection ends.
func (s *socket) run() {
	for {
		raw, err := s.ws.Read()
		if err != nil {
			s.load.failed(fmt.Errorf("user %d: %w", s.index, err))
			return
		}
		for len(raw) > 0 {
			line := raw
			if i := bytes.IndexByte(raw, '\n'); i >= 0 {
				line, raw = raw[:i], raw[i+1:]
			} else {
				raw = nil
			}
			if err := s.line(line); err != nil {
				s.load.failed(fmt.Errorf("user %d: %w", s.index, err))
				return
			}
		}
	}
}

var (
	replyStart = []byte(`{"id":`)
	pushStart  = []byte(`{"push":`)
	errorKey   = []byte(`"error":`)
	bodyStart  = []byte(`"body":"#`)
)

func (s *socket) line(line []byte) error {
	switch {
	case bytes.HasPrefix(line, replyStart):
		id, rest := number(line[len(replyStart):])
		if bytes.HasPrefix(rest[min(1, len(rest)):], errorKey) {
			return fmt.Errorf("refused: %s", line)
		}
		s.receipt(s, int64(id)-firstID)
	case bytes.HasPrefix(line, pushStart):
		at := bytes.Index(line, bodyStart)
		if at < 0 {
			return nil
		}
		from, rest := number(line[at+len(bodyStart):])
		if from == s.index || from >= len(s.load.sockets) {
			return nil
		}
		n, _ := number(rest[1:])
		s.receipt(s.load.sockets[from], int64(n))
	case len(line) == 2:
		return s.ws.Write(line) // ping
	}
	return nil
}

// firstID is the command id of a user's message 0: 1 and 2 connect and open.
const firstID = 3

func number(b []byte) (n int, rest []byte) {
	for len(b) > 0 && b[0] >= '0' && b[0] <= '9' {
		n, b = n*10+int(b[0]-'0'), b[1:]
	}
	return n, b
}

// receipt counts an acknowledgement (from is s itself) or a delivery, and goes on when it was the last one owed.
func (s *socket) receipt(from *socket, n int64) {
	f := &from.flights[n%slots]
	if from != s && s.load.measuring.Load() {
		s.times = append(s.times, uint32((int64(time.Since(s.load.start))-f.sent.Load())/1000))
		s.load.delivered.Add(1)
	}
	if f.left.Add(-1) != 0 {
		return
	}
	s.load.done.Add(1)
	if s.load.spec.Rate == 0 {
		from.post()
	}
}

// post sends the user's next message.
func (s *socket) post() {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.n.Add(1) - 1
	f := &s.flights[n%slots]
	if f.left.Load() > 0 {
		s.load.failed(fmt.Errorf("user %d: %d messages under way", s.index, slots))
		return
	}
	b := append(s.frame[:0], `{"id":`...)
	b = strconv.AppendInt(b, n+firstID, 10)
	b = append(b, `,"rpc":{"method":"chat.post","data":{"room":"`...)
	b = append(b, s.Room...)
	b = fmt.Appendf(b, `","id":"%08x-%04x-4000-8000-%012x","body":"`, s.load.mark, s.index, n)
	at := len(b)
	b = append(b, '#')
	b = strconv.AppendInt(b, int64(s.index), 10)
	b = append(b, '-')
	b = strconv.AppendInt(b, n, 10)
	for len(b)-at < bodySize {
		b = append(b, " The quick brown fox jumps over the lazy dog, and asks for its invoice."...)
	}
	b = append(b[:at+bodySize], `"}}}`...)
	s.frame = b
	f.left.Store(s.others + 1)
	f.sent.Store(int64(time.Since(s.load.start)))
	if err := s.ws.Write(b); err != nil {
		s.load.failed(fmt.Errorf("user %d: post: %w", s.index, err))
	}
}

func (l *load) failed(err error) {
	select {
	case l.fail <- err:
	default:
	}
}

// measure runs the load, warm-up first, and reads the counters at both ends of the window.
func (l *load) measure() (result, error) {
	var posters []*socket
	for _, s := range l.sockets {
		if s.Posts {
			posters = append(posters, s)
		}
	}
	if l.spec.Rate > 0 {
		go l.offer(posters)
	} else {
		for _, s := range posters {
			s.post()
		}
	}
	if err := l.wait(l.spec.Warmup); err != nil {
		return result{}, err
	}
	rig.ResetPeak(l.spec.Server)
	cpu, done, at := rig.CPU(l.spec.PIDs...), l.done.Load(), time.Now()
	l.measuring.Store(true)
	if err := l.wait(l.spec.Window); err != nil {
		return result{}, err
	}
	l.measuring.Store(false)
	res := result{Seconds: time.Since(at).Seconds(), Messages: int(l.done.Load() - done)}
	res.CPU = (rig.CPU(l.spec.PIDs...) - cpu).Seconds()
	delivered := float64(l.delivered.Load())
	_, peak, _ := rig.Memory(l.spec.Server)
	res.Peak = float64(peak) / (1 << 20)
	time.Sleep(20 * time.Millisecond) // a receipt that saw the flag may still be appending
	var times []uint32
	for _, s := range l.sockets {
		times = append(times, s.times...)
	}
	if len(times) == 0 {
		return result{}, fmt.Errorf("nothing was delivered in the window of %s, after %d messages", l.spec.Window, done)
	}
	res.CPU = max(res.CPU, 0.01) // the clock of /proc has not ticked
	slices.Sort(times)
	at99 := times[len(times)*99/100]
	res.P50, res.P99, res.Max = float64(times[len(times)/2])/1000, float64(at99)/1000, float64(times[len(times)-1])/1000
	res.PerSecond = float64(res.Messages) / res.Seconds
	res.PerCore = float64(res.Messages) / res.CPU
	res.DeliveredCore = delivered / res.CPU
	return res, nil
}

func (l *load) wait(d time.Duration) error {
	select {
	case err := <-l.fail:
		return err
	case <-time.After(d):
		return nil
	}
}

// offer sends at a steady rate, whatever the answers do.
func (l *load) offer(posters []*socket) {
	step := time.Duration(float64(time.Second) / l.spec.Rate)
	next := time.Now()
	for i := 0; ; i++ {
		next = next.Add(step)
		time.Sleep(time.Until(next))
		posters[i%len(posters)].post()
	}
}
