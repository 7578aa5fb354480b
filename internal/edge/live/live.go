package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/centrifugal/centrifuge"
	"github.com/prometheus/client_golang/prometheus"

	"parlatory"
	"parlatory/internal/domain/chat"
	"parlatory/internal/edge/front"
	"parlatory/internal/guard/access"
)

// Disconnects that clients act on: from 4500 they do not come back by themselves.
var (
	disconnectEnded   = centrifuge.Disconnect{Code: 4501, Reason: "session ended"}
	disconnectRefused = centrifuge.Disconnect{Code: 4503, Reason: "refused"}
	disconnectAnew    = centrifuge.Disconnect{Code: 4001, Reason: "rights changed, connect anew"}
	disconnectBusy    = centrifuge.Disconnect{Code: 4002, Reason: "too many sockets, try later"}
)

// Options are what the door needs.
type Options struct {
	Chat     *chat.Room
	Sessions front.Sessions
	Sites    front.Sites
	Gate     access.Gate // judged when a socket opens, and again when what it asks has changed
	// Touch notes that somebody used a session by its socket, so that it does not run out in the middle of a conversation.
	Touch     func(ctx context.Context, actor parlatory.Actor) error
	Catalogue *access.Catalogue
	Deaf      func() time.Duration // for how long other nodes may not have been heard
	Shared    bool                 // other nodes may write to the same database, so heads are compared
	Clock     parlatory.Clock
	Log       *slog.Logger
	Registry  *prometheus.Registry
	Limits    Limits
}

// Limits bound what sockets may cost; zero values mean the defaults.
type Limits struct {
	Sockets           int // of the process, default 20,000
	SocketsPerPerson  int // default 20
	RoomsPerSocket    int // default 100
	QueueBytes        int // of one socket, default 256 KiB
	CommandsPerSecond int // of one socket, default 50
}

func (l Limits) withDefaults() Limits {
	set := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	set(&l.Sockets, 20000)
	set(&l.SocketsPerPerson, 20)
	set(&l.RoomsPerSocket, 100)
	set(&l.QueueBytes, 256<<10)
	set(&l.CommandsPerSecond, 50)
	return l
}

// Live holds the sockets of one node.
type Live struct {
	Options
	node     *centrifuge.Node
	hall     hall
	commands map[string]command

	told    chan []parlatory.Event
	doubt   chan doubt
	asking  asking
	missed  atomic.Bool
	used    chan parlatory.Actor
	stop    context.CancelFunc
	working sync.WaitGroup
}

// New starts the node. It fails when a live command names no catalogued act.
func New(o Options) (*Live, error) {
	o.Limits = o.Limits.withDefaults()
	l := &Live{Options: o, told: make(chan []parlatory.Event, 4096), doubt: make(chan doubt, 1024), used: make(chan parlatory.Actor, 256)}
	l.commands = l.table()
	for name, c := range l.commands {
		for _, act := range c.acts {
			if !o.Catalogue.Known(act) {
				return nil, fmt.Errorf("live: command %s names no catalogued act (%q)", name, act.Name)
			}
		}
	}
	l.hall.start()
	l.asking.now = map[parlatory.WorkspaceID]bool{}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	node, err := centrifuge.New(centrifuge.Config{
		Name: "parlatory", LogLevel: centrifuge.LogLevelError, LogHandler: l.logged,
		ClientQueueMaxSize: o.Limits.QueueBytes, ClientChannelLimit: o.Limits.RoomsPerSocket + 8, ClientStaleCloseDelay: 10 * time.Second,
		Metrics: centrifuge.MetricsConfig{RegistererGatherer: o.Registry},
	})
	if err != nil {
		return nil, fmt.Errorf("live: %w", err)
	}
	l.node = node
	node.OnConnecting(l.connecting)
	node.OnConnect(l.connected)
	if err := node.Run(); err != nil {
		return nil, fmt.Errorf("live: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	l.stop = stop
	l.working.Go(func() { l.tell(ctx) })
	l.working.Go(func() { l.judge(ctx) })
	l.working.Go(func() { l.note(ctx) })
	if o.Shared {
		l.working.Go(func() { l.poll(ctx) })
	}
	return l, nil
}

// Close ends all sockets and waits for what runs. A socket whose reader takes no leave before ctx ends goes with the process: it has lost
// nothing, and is no reason for a stop to count as failed.
func (l *Live) Close(ctx context.Context) error {
	l.stop()
	l.working.Wait()
	err := l.node.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		l.Log.Warn("sockets that did not close in time are cut")
		return nil
	}
	return err
}

// Handler upgrades requests that front has let in: their Origin is judged, and their Actor is in the context.
func (l *Live) Handler() http.Handler {
	return centrifuge.NewWebsocketHandler(l.node, centrifuge.WebsocketConfig{
		CheckOrigin:        func(*http.Request) bool { return true }, // front has judged it: exactly the own host, or a listed site
		MessageSizeLimit:   32 << 10,
		ReadBufferSize:     1024,
		WriteBufferSize:    1024,
		UseWriteBufferPool: true,
		WriteTimeout:       5 * time.Second,
		PingPongConfig:     centrifuge.PingPongConfig{PingInterval: 25 * time.Second, PongTimeout: 10 * time.Second},
	})
}

func (l *Live) logged(e centrifuge.LogEntry) {
	l.Log.Error("live", slog.String("what", e.Message)) // the fields may hold a client's bytes
}
