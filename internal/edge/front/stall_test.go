package front

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"

	"parlatory"
)

// revocable is a store of sessions in which everybody is signed out at some moment.
type revocable struct {
	rooms
	mu    sync.Mutex
	asked chan struct{}
	out   bool
}

func (r *revocable) gone() bool {
	select {
	case r.asked <- struct{}{}:
	default:
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.out
}

func (r *revocable) Session(ctx context.Context, door parlatory.WorkspaceID, token string, from parlatory.Actor) (parlatory.Actor, error) {
	if r.gone() {
		return from, parlatory.Fail(parlatory.KindUnauthenticated, "no")
	}
	return r.rooms.Session(ctx, door, token, from)
}

func (r *revocable) Token(ctx context.Context, door parlatory.WorkspaceID, token string, from parlatory.Actor) (parlatory.Actor, error) {
	if r.gone() {
		return from, parlatory.Fail(parlatory.KindUnauthenticated, "no")
	}
	return r.rooms.Token(ctx, door, token, from)
}

// TestAC_058_StalledBody: whoever sends the headers of a request and holds its body back acts with what is theirs when it has come, not
// with a session or token that was revoked meanwhile. Red where the actor is looked up before the body alone.
//
// ASVS V7.4.1
func TestAC_058_StalledBody(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		for what, header := range map[string][2]string{"session": {"Cookie", "__Host-session=dana"}, "API token": {"Authorization", "Bearer " + tokenPrefix + "dana"}} {
			sessions := &revocable{asked: make(chan struct{}, 1)}
			h := start(t, func(o *Options) { o.Sessions = sessions })
			body, stalled := io.Pipe()
			r, err := http.NewRequestWithContext(t.Context(), "POST", "https://"+acmeHost+":"+h.port+"/api/v1/me/tokens", body)
			if err != nil {
				t.Fatal(err)
			}
			r.ContentLength = 2
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Origin", h.origin(acmeHost))
			r.Header.Set(header[0], header[1])
			answered := make(chan error, 1)
			go func() {
				res, err := h.client(t, http2).Do(r)
				if err == nil {
					err = res.Body.Close()
				}
				answered <- err
			}()
			_, _ = stalled.Write([]byte("{"))
			<-sessions.asked
			sessions.mu.Lock()
			sessions.out = true
			sessions.mu.Unlock()
			_, _ = stalled.Write([]byte("}"))
			if err := errors.Join(stalled.Close(), <-answered); err != nil {
				t.Fatal(err)
			}
			if h.reached() > 0 && h.last().Kind == parlatory.Staff {
				t.Errorf("%s, HTTP/2 %v: acted after it was revoked", what, http2)
			}
		}
	}
}
