package live

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/centrifugal/centrifuge"

	"parlatory"
	"parlatory/internal/guard/access"
)

// pipe is a client's end that notes how it was closed.
type pipe struct {
	centrifuge.Transport
	closed chan centrifuge.Disconnect
}

func (p pipe) Name() string                                { return "pipe" }
func (p pipe) AcceptProtocol() string                      { return "" }
func (p pipe) ProtocolVersion() centrifuge.ProtocolVersion { return centrifuge.ProtocolVersion2 }
func (p pipe) DisabledPushFlags() uint64                   { return 0 }
func (p pipe) Protocol() centrifuge.ProtocolType           { return centrifuge.ProtocolTypeJSON }
func (p pipe) Unidirectional() bool                        { return false }
func (p pipe) Emulation() bool                             { return false }
func (p pipe) Write([]byte) error                          { return nil }
func (p pipe) WriteMany(...[]byte) error                   { return nil }
func (p pipe) PingPongConfig() centrifuge.PingPongConfig   { return centrifuge.PingPongConfig{} }
func (p pipe) Close(d centrifuge.Disconnect) error {
	p.closed <- d
	return nil
}

// gate answers by workspace, and may take its time.
type gate struct {
	mu     sync.Mutex
	asked  map[parlatory.WorkspaceID]int
	answer func(parlatory.Actor) error
}

func (g *gate) Admit(_ context.Context, a parlatory.Actor) error {
	g.mu.Lock()
	g.asked[a.Workspace]++
	g.mu.Unlock()
	return g.answer(a)
}

func (g *gate) count(ws parlatory.WorkspaceID) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.asked[ws]
}

func opened(t *testing.T, answer func(parlatory.Actor) error) (*Live, *gate) {
	t.Helper()
	g := &gate{asked: map[parlatory.WorkspaceID]int{}, answer: answer}
	catalogue, err := access.NewCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	l := &Live{Options: Options{Gate: g, Catalogue: catalogue, Clock: parlatory.SystemClock{}, Log: slog.New(slog.DiscardHandler)}, told: make(chan []parlatory.Event, 16)}
	l.hall.start()
	l.asking.now = map[parlatory.WorkspaceID]bool{}
	if l.node, err = centrifuge.New(centrifuge.Config{}); err != nil {
		t.Fatal(err)
	}
	if err := l.node.Run(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	l.stop = stop
	l.working.Go(func() { l.tell(ctx) })
	return l, g
}

func (l *Live) seat(t *testing.T, ws parlatory.WorkspaceID, staff byte) chan centrifuge.Disconnect {
	t.Helper()
	p := pipe{closed: make(chan centrifuge.Disconnect, 1)}
	client, _, err := centrifuge.NewClient(t.Context(), l.node, p)
	if err != nil {
		t.Fatal(err)
	}
	actor := parlatory.Actor{Kind: parlatory.Staff, Workspace: ws, Staff: parlatory.StaffID{staff}}
	if !l.hall.enter(&socket{client: client, actor: actor, rooms: map[parlatory.RoomID]bool{}}, Limits{}.withDefaults()) {
		t.Fatal("no room")
	}
	return p.closed
}

func changed(ws parlatory.WorkspaceID) []parlatory.Event {
	return []parlatory.Event{{Kind: parlatory.SecurityChanged, Workspace: ws}}
}

func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for begun := time.Now(); !holds(); time.Sleep(time.Millisecond) {
		if time.Since(begun) > 5*time.Second {
			t.Fatal(what)
		}
	}
}

// One workspace's lists take long to read: the telling goes on, the sockets of another workspace are judged meanwhile, and what
// changed in between is asked once more, not once for each change.
func TestSlowGate(t *testing.T) {
	slow, other := parlatory.WorkspaceID{1}, parlatory.WorkspaceID{2}
	free := make(chan struct{})
	l, g := opened(t, func(a parlatory.Actor) error {
		if a.Workspace == slow {
			<-free
			return nil
		}
		return parlatory.Fail(parlatory.KindUnauthenticated, "Please sign in.")
	})
	stays, ends := l.seat(t, slow, 1), l.seat(t, other, 2)
	l.Told(changed(slow))
	until(t, "the gate is not asked", func() bool { return g.count(slow) == 1 })
	for range 5 {
		l.Told(changed(slow))
	}
	l.Told(changed(other))
	select {
	case d := <-ends:
		if d != disconnectEnded {
			t.Errorf("%+v", d)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("a workspace waits for the lists of another one")
	}
	close(free)
	until(t, "what changed meanwhile is not asked", func() bool { return g.count(slow) == 2 })
	if err := l.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if n := g.count(slow); n != 2 || len(l.asking.now) != 0 {
		t.Errorf("asked %d times, %d workspaces left", n, len(l.asking.now))
	}
	select {
	case d := <-stays:
		if d.Code == disconnectEnded.Code || d.Code == disconnectAnew.Code {
			t.Errorf("a socket that may stay: %+v", d)
		}
	default:
	}
}

// Where the gate can't be judged, that is found out once; all sockets of the workspace connect anew.
func TestBrokenGate(t *testing.T) {
	ws := parlatory.WorkspaceID{1}
	l, g := opened(t, func(parlatory.Actor) error { return errors.New("database is away") })
	var all []chan centrifuge.Disconnect
	for i := range byte(20) {
		all = append(all, l.seat(t, ws, i+1))
	}
	l.Told(changed(ws))
	for _, one := range all {
		select {
		case d := <-one:
			if d != disconnectAnew {
				t.Errorf("%+v", d)
			}
		case <-time.After(5 * time.Second):
			t.Fatal("a socket stays unjudged")
		}
	}
	if err := l.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if n := g.count(ws); n != 1 {
		t.Errorf("asked %d times", n)
	}
}
