package rig

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Refusal is an answer of the server that is an error, over HTTP or live: Code is the HTTP status in both.
type Refusal struct {
	Code   int
	Detail string
}

func (r *Refusal) Error() string { return fmt.Sprintf("refused with %d: %s", r.Code, r.Detail) }

// Live is a client of the live protocol (centrifuge, JSON): commands with answers, and pushes.
type Live struct {
	ws   *Conn
	push func(data []byte) // called by the reader, in order

	mu    sync.Mutex
	next  uint32
	calls map[uint32]chan reply
	err   error // why the connection ended
	done  chan struct{}
}

type reply struct {
	ID      uint32          `json:"id"`
	Connect json.RawMessage `json:"connect"`
	Error   *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
	RPC *struct {
		Data json.RawMessage `json:"data"`
	} `json:"rpc"`
	Push *struct {
		Channel string `json:"channel"`
		Pub     *struct {
			Data json.RawMessage `json:"data"`
		} `json:"pub"`
	} `json:"push"`
}

// NewLive connects over an open WebSocket. Data is sent with the connect command; push may be nil.
func NewLive(ctx context.Context, ws *Conn, data any, push func(data []byte)) (*Live, error) {
	l := &Live{ws: ws, push: push, calls: map[uint32]chan reply{}, done: make(chan struct{})}
	go l.run()
	connect := map[string]any{}
	if data != nil {
		connect["data"] = data
	}
	if _, err := l.call(ctx, map[string]any{"connect": connect}); err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("live connect: %w", err)
	}
	return l, nil
}

// Close cuts the connection and waits for the reader.
func (l *Live) Close() error {
	err := l.ws.Close()
	<-l.done
	return err
}

// Done is closed when the connection has ended; Err then says why.
func (l *Live) Done() <-chan struct{} { return l.done }

// Err is why the connection ended.
func (l *Live) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

func (l *Live) run() {
	defer close(l.done)
	for {
		raw, err := l.ws.Read()
		if err != nil {
			l.end(err)
			return
		}
		for line := range bytes.Lines(raw) {
			if err := l.line(bytes.TrimSpace(line)); err != nil {
				l.end(err)
				return
			}
		}
	}
}

func (l *Live) end(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = err
	for id, ch := range l.calls {
		close(ch)
		delete(l.calls, id)
	}
	l.calls = nil
}

func (l *Live) line(line []byte) error {
	if len(line) == 0 {
		return nil
	}
	if string(line) == "{}" {
		return l.ws.Write(line) // a ping wants a pong
	}
	var r reply
	if err := json.Unmarshal(line, &r); err != nil {
		return fmt.Errorf("live message: %w", err)
	}
	if r.Push != nil {
		if l.push != nil && r.Push.Pub != nil {
			l.push(r.Push.Pub.Data)
		}
		return nil
	}
	l.mu.Lock()
	ch := l.calls[r.ID]
	delete(l.calls, r.ID)
	l.mu.Unlock()
	if ch != nil {
		ch <- r
	}
	return nil
}

func (l *Live) call(ctx context.Context, cmd map[string]any) (reply, error) {
	ch := make(chan reply, 1)
	l.mu.Lock()
	if l.calls == nil {
		err := l.err
		l.mu.Unlock()
		return reply{}, fmt.Errorf("connection ended: %w", err)
	}
	l.next++
	id := l.next
	l.calls[id] = ch
	l.mu.Unlock()
	cmd["id"] = id
	raw, err := json.Marshal(cmd)
	if err != nil {
		return reply{}, fmt.Errorf("live command: %w", err)
	}
	if err = l.ws.Write(raw); err != nil {
		return reply{}, fmt.Errorf("live command: %w", err)
	}
	select {
	case r, ok := <-ch:
		switch {
		case !ok:
			return reply{}, fmt.Errorf("connection ended: %w", l.Err())
		case r.Error != nil:
			return reply{}, &Refusal{Code: r.Error.Code, Detail: r.Error.Message}
		}
		return r, nil
	case <-ctx.Done():
		return reply{}, ctx.Err()
	case <-time.After(30 * time.Second):
		return reply{}, errors.New("no answer in 30 s")
	}
}

// RPC sends a command and reads its answer into out, which may be nil.
func (l *Live) RPC(ctx context.Context, method string, data, out any) error {
	r, err := l.call(ctx, map[string]any{"rpc": map[string]any{"method": method, "data": data}})
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	if out == nil || r.RPC == nil {
		return nil
	}
	if err = json.Unmarshal(r.RPC.Data, out); err != nil {
		return fmt.Errorf("%s answer: %w", method, err)
	}
	return nil
}
