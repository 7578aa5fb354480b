package keyserver

import (
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// Wire is a TCP proxy on loopback that can be slow, silent or cut. It passes bytes and knows nothing of them.
type Wire struct {
	listener net.Listener

	mu     sync.Mutex
	target string
	delay  time.Duration
	cut    bool
	hang   bool
	conns  map[net.Conn]bool
	dialed int
}

func newWire() (*Wire, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("wire: %w", err)
	}
	w := &Wire{listener: l, conns: map[net.Conn]bool{}}
	go func() { // ends with the listener
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go w.carry(c)
		}
	}()
	return w, nil
}

func (w *Wire) address() string { return w.listener.Addr().String() }

func (w *Wire) to(target string) { w.mu.Lock(); defer w.mu.Unlock(); w.target = target }

// Slow makes each piece that comes back wait; 0 ends it.
func (w *Wire) Slow(d time.Duration) { w.mu.Lock(); defer w.mu.Unlock(); w.delay = d }

// Hang takes connections and gives no answer, until Mend. Connections that are open now end.
func (w *Wire) Hang() { w.set(false, true) }

// Cut ends all connections, and new ones as soon as they come, until Mend.
func (w *Wire) Cut() { w.set(true, false) }

// Mend makes the wire a good one again.
func (w *Wire) Mend() { w.Slow(0); w.set(false, false) }

// Connections is how many connections were ever made through it.
func (w *Wire) Connections() int { w.mu.Lock(); defer w.mu.Unlock(); return w.dialed }

func (w *Wire) set(cut, hang bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut, w.hang = cut, hang
	for c := range w.conns {
		_ = c.Close()
	}
}

func (w *Wire) close() { _ = w.listener.Close(); w.set(true, false) }

// keep notes a connection, unless the wire is cut.
func (w *Wire) keep(c net.Conn) (target string, hang, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cut {
		return "", false, false
	}
	w.conns[c] = true
	return w.target, w.hang, true
}

func (w *Wire) drop(c net.Conn) {
	w.mu.Lock()
	delete(w.conns, c)
	w.mu.Unlock()
	_ = c.Close()
}

func (w *Wire) carry(near net.Conn) {
	w.mu.Lock()
	w.dialed++
	w.mu.Unlock()
	target, hang, ok := w.keep(near)
	defer w.drop(near)
	if !ok {
		return
	}
	if hang {
		_, _ = io.Copy(io.Discard, near)
		return
	}
	far, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	if _, _, ok := w.keep(far); !ok {
		_ = far.Close()
		return
	}
	defer w.drop(far)
	go func() { // ends when near does
		_, _ = io.Copy(far, near)
		_ = far.(*net.TCPConn).CloseWrite()
	}()
	buf := make([]byte, 16<<10)
	for {
		n, err := far.Read(buf)
		w.mu.Lock()
		delay := w.delay
		w.mu.Unlock()
		time.Sleep(delay)
		if n > 0 {
			if _, err := near.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
