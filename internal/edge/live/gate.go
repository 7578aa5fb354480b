package live

import (
	"context"
	"log/slog"
	"sync"

	"parlatory"
)

// asking are the workspaces for whose sockets the gate is being asked anew. True: something changed since, so it is asked once more.
type asking struct {
	mu  sync.Mutex
	now map[parlatory.WorkspaceID]bool
}

// start reports whether nobody asks for the workspace yet; who does, goes on then.
func (a *asking) start(ws parlatory.WorkspaceID) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, there := a.now[ws]; there {
		a.now[ws] = true
		return false
	}
	a.now[ws] = false
	return true
}

// more reports whether to ask once more, and forgets the workspace otherwise.
func (a *asking) more(ws parlatory.WorkspaceID) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	again := a.now[ws]
	if a.now[ws] = false; !again {
		delete(a.now, ws)
	}
	return again
}

// securityChanged asks the gate anew for every socket of a workspace, aside: the first question may read long lists, and neither the
// telling nor another workspace waits for that. Where the operator changed something beside the running server (a zero workspace),
// all sockets connect anew.
func (l *Live) securityChanged(ctx context.Context, ws parlatory.WorkspaceID) {
	if ws.Zero() {
		l.anewAll()
		return
	}
	if !l.asking.start(ws) {
		return
	}
	l.working.Go(func() {
		for again := true; again; again = l.asking.more(ws) {
			l.admitAnew(ctx, ws)
		}
	})
}

// admitAnew ends the sockets before which the gate is shut now. Where it can't be judged, the rest connect anew and are judged at the
// door: each of them would fail for itself otherwise, one after another.
func (l *Live) admitAnew(ctx context.Context, ws parlatory.WorkspaceID) {
	sockets := l.hall.in(func(h *hall) map[*socket]bool { return h.workspace[ws] })
	for i, s := range sockets {
		err := l.Gate.Admit(ctx, s.actor)
		if err == nil {
			continue
		}
		verdict := closed(s.actor, err)
		if verdict != disconnectAnew {
			s.client.Disconnect(verdict)
			continue
		}
		l.Log.Error("gate for open sockets", slog.String("workspace", ws.String()), slog.String("cause", err.Error()))
		for _, rest := range sockets[i:] {
			rest.client.Disconnect(disconnectAnew)
		}
		return
	}
}
