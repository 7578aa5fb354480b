package fault

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"parlatory/test/rig"
)

// cable is a network between the clients and the server that can be cut and stalled.
type cable struct {
	listener net.Listener
	to       string

	mu    sync.Mutex
	conns map[net.Conn]bool
	free  chan struct{} // closed while nothing is stalled
}

func newCable(t *testing.T, to string) *cable {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cable{listener: l, to: to, conns: map[net.Conn]bool{}, free: make(chan struct{})}
	close(c.free)
	t.Cleanup(func() {
		_ = l.Close()
		c.cut()
	})
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				_ = near.Close()
				continue
			}
			go c.carry(near, far)
			go c.carry(far, near)
		}
	}()
	return c
}

func (c *cable) carry(from, to net.Conn) {
	c.mu.Lock()
	c.conns[from] = true
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.conns, from)
		c.mu.Unlock()
		_, _ = from.Close(), to.Close()
	}()
	b := make([]byte, 16<<10)
	for {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		c.mu.Lock()
		free := c.free
		c.mu.Unlock()
		<-free
		if _, err = to.Write(b[:n]); err != nil {
			return
		}
	}
}

// cut breaks all connections without a farewell: what is on the way is lost.
func (c *cable) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.conns {
		if t, ok := conn.(*net.TCPConn); ok {
			_ = t.SetLinger(0)
		}
		_ = conn.Close()
	}
}

// stall holds everything back for a while, as a dead radio link does.
func (c *cable) stall(d time.Duration) {
	c.mu.Lock()
	c.free = make(chan struct{})
	c.mu.Unlock()
	time.Sleep(d)
	c.mu.Lock()
	close(c.free)
	c.mu.Unlock()
}

// listener follows one room by the rule of the clients: the next sequence is taken, an old one is dropped, a gap is
// asked for; after a break it goes on after its last one.
type listener struct {
	name string
	room string
	dial func(ctx context.Context, push func([]byte)) (*rig.Live, error)

	mu   sync.Mutex
	have []stored
}

type pushed struct {
	Kind string `json:"k"`
	Room string `json:"room"`
	stored
}

type stretch struct {
	Items []stored `json:"items"`
	Head  int64    `json:"head"`
	More  bool     `json:"more"`
}

func (l *listener) last() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.have) == 0 {
		return 0
	}
	return l.have[len(l.have)-1].Seq
}

func (l *listener) take(items ...stored) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range items {
		if n := len(l.have); n == 0 || m.Seq > l.have[n-1].Seq {
			l.have = append(l.have, m)
		}
	}
}

// follow listens until ctx ends, over as many connections as it takes.
func (l *listener) follow(ctx context.Context) {
	for ctx.Err() == nil {
		if l.session(ctx) != nil {
			time.Sleep(20 * time.Millisecond)
		}
	}
}

func (l *listener) session(ctx context.Context) error {
	pushes := make(chan pushed, 100_000)
	live, err := l.dial(ctx, func(data []byte) {
		var p pushed
		if json.Unmarshal(data, &p) == nil && p.Kind == "message" && p.Room == l.room {
			pushes <- p
		}
	})
	if err != nil {
		return err
	}
	defer live.Close()
	if err = l.ask(ctx, live, "chat.open"); err != nil {
		return err
	}
	for {
		select {
		case p := <-pushes:
			switch last := l.last(); {
			case p.Seq == last+1:
				l.take(p.stored)
			case p.Seq > last+1:
				if err = l.ask(ctx, live, "chat.since"); err != nil {
					return err
				}
			}
		case <-live.Done():
			return live.Err()
		case <-ctx.Done():
			return nil
		}
	}
}

// ask reads everything after the last message.
func (l *listener) ask(ctx context.Context, live *rig.Live, method string) error {
	for {
		var s stretch
		if err := live.RPC(ctx, method, map[string]any{"room": l.room, "after": l.last()}, &s); err != nil {
			return err
		}
		l.take(s.Items...)
		if !s.More || len(s.Items) == 0 {
			return nil
		}
		method = "chat.since"
	}
}

// TestCuts breaks and stalls the network while people talk and others listen: who listens has everything in the end,
// once, in order, and who talks loses nothing.
func TestCuts(t *testing.T) {
	n := rounds(t, "PARLATORY_CUTS", 20)
	c := launch(t, rig.Options{Dir: t.TempDir()}, 3)
	wire := newCable(t, c.server.Address)
	c.server.Via = wire.listener.Addr().String()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	var listeners []*listener
	for _, p := range c.people {
		begun, err := history(ctx, c.workspace.Founder, p.room) // so that each has a sequence to go on from
		if err != nil {
			t.Fatal(err)
		}
		listeners = append(listeners, &listener{name: p.name, room: p.room, dial: p.listen, have: begun})
	}
	talking, quiet := context.WithCancel(ctx)
	listening, deaf := context.WithCancel(ctx)
	defer quiet()
	defer deaf()
	var talkers, ears sync.WaitGroup
	for _, p := range c.people {
		talkers.Go(func() {
			for talking.Err() == nil {
				p.talk(talking)
			}
		})
	}
	for _, l := range listeners {
		ears.Go(func() { l.follow(listening) })
	}
	for range n {
		time.Sleep(rand.N(300 * time.Millisecond))
		if rand.N(4) == 0 {
			wire.stall(rand.N(time.Second))
		} else {
			wire.cut()
		}
	}
	quiet()
	talkers.Wait()
	if err := c.settle(ctx); err != nil {
		t.Fatal(err)
	}
	total, err := c.check(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range listeners {
		if err := l.complete(ctx, c); err != nil {
			t.Errorf("%s heard: %v", l.name, err)
		}
	}
	deaf()
	ears.Wait()
	t.Logf("%d cuts, %d messages", n, total)
}

// complete waits until the listener has the whole room, and compares.
func (l *listener) complete(ctx context.Context, c *company) error {
	want, err := history(ctx, c.workspace.Founder, l.room)
	if err != nil {
		return err
	}
	for end := time.Now().Add(10 * time.Second); l.last() < want[len(want)-1].Seq && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.have) != len(want) {
		return fmt.Errorf("%d messages of %d", len(l.have), len(want))
	}
	for i := range want {
		if l.have[i].Seq != want[i].Seq || l.have[i].ID != want[i].ID || l.have[i].Body != want[i].Body {
			return fmt.Errorf("message %d is another", want[i].Seq)
		}
	}
	return nil
}
