package fault

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"parlatory/test/rig"
)

// message is what a person remembers of one that was sent.
type message struct {
	id   string
	body string
	seq  int64 // as acknowledged; 0 while it is not
}

// person posts into one room, one message at a time, and never forgets one: what was not acknowledged is sent again
// with the same id, as the outbox of a browser does.
type person struct {
	name string
	room string
	// listen connects; what is pushed goes to the function.
	listen func(ctx context.Context, push func([]byte)) (*rig.Live, error)

	mu   sync.Mutex
	sent []message // in order; only the last can be without a sequence
	hurt error     // something that must never happen
}

func (p *person) dial(ctx context.Context) (*rig.Live, error) { return p.listen(ctx, nil) }

// talk posts until the connection breaks or ctx ends.
func (p *person) talk(ctx context.Context) {
	live, err := p.dial(ctx)
	if err != nil {
		return // the server was killed before this one was connected
	}
	defer live.Close()
	if live.RPC(ctx, "chat.open", map[string]any{"room": p.room}, nil) != nil {
		return
	}
	for ctx.Err() == nil {
		if p.post(ctx, live) != nil {
			return
		}
	}
}

// post sends the unacknowledged message again, or a new one.
func (p *person) post(ctx context.Context, live *rig.Live) error {
	p.mu.Lock()
	if n := len(p.sent); n == 0 || p.sent[n-1].seq != 0 {
		p.sent = append(p.sent, message{id: rig.UUID(), body: fmt.Sprintf("%s says %d %s", p.name, n, strings.Repeat("x", 150))})
	}
	at := len(p.sent) - 1
	m := p.sent[at]
	p.mu.Unlock()
	var ack struct {
		Seq int64 `json:"seq"`
	}
	if err := live.RPC(ctx, "chat.post", map[string]any{"room": p.room, "id": m.id, "body": m.body}, &ack); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent[at].seq = ack.Seq
	if ack.Seq <= 0 {
		p.hurt = errors.New("acknowledged without a sequence")
	}
	return p.hurt
}

func (p *person) memory() ([]message, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]message(nil), p.sent...), p.hurt
}

// pending says whether the last message still waits for its acknowledgement.
func (p *person) pending() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.sent) > 0 && p.sent[len(p.sent)-1].seq == 0
}

// settle sends what is still unacknowledged, on a server that stands again.
func (p *person) settle(ctx context.Context) error {
	if !p.pending() {
		return nil
	}
	live, err := p.dial(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	defer live.Close()
	if err = p.post(ctx, live); err != nil {
		return fmt.Errorf("%s sends again: %w", p.name, err)
	}
	return nil
}

// stored is a message as the server lists it.
type stored struct {
	Seq   int64  `json:"seq"`
	ID    string `json:"id"`
	Body  string `json:"body"`
	Event string `json:"event"` // of lines that the system writes
}

// history reads a room from its end back to its beginning, as a person who scrolls up does.
func history(ctx context.Context, c *rig.Client, room string) (all []stored, err error) {
	before, head := int64(0), int64(0)
	for {
		var page struct {
			Items []stored `json:"items"`
			Head  int64    `json:"head"`
		}
		path := fmt.Sprintf("/api/v1/rooms/%s/messages?before=%d&limit=200", url.PathEscape(room), before)
		if err = c.Do(ctx, "GET", path, nil, &page); err != nil {
			return nil, err
		}
		head = max(head, page.Head)
		all = append(page.Items, all...)
		if len(page.Items) == 0 || page.Items[0].Seq == 1 {
			break
		}
		before = page.Items[0].Seq
	}
	if n := len(all); n == 0 || all[n-1].Seq != head {
		return nil, fmt.Errorf("room has %d messages, its head is %d", n, head)
	}
	return all, nil
}

// company is a workspace with people who talk in pairs.
type company struct {
	server    *rig.Server
	workspace *rig.Workspace
	rooms     []string
	people    []*person
}

// found makes it: as many rooms as pairs, a visitor and a staff member in each.
func found(ctx context.Context, s *rig.Server, pairs int) (*company, error) {
	w, err := s.Found(ctx, "acme", "Acme", "Ada Founder")
	if err != nil {
		return nil, err
	}
	c := &company{server: s, workspace: w}
	for i := range pairs {
		staff, err := w.Hire(ctx, fmt.Sprintf("agent%d@acme.example", i), fmt.Sprintf("Agent %d", i), "Agent")
		if err != nil {
			return nil, err
		}
		visitor, err := w.Visit(ctx, fmt.Sprintf("Visitor %d", i), "Is anybody there?")
		if err != nil {
			return nil, err
		}
		if err = staff.Do(ctx, "POST", "/api/v1/enquiries/"+visitor.Enquiry+"/pickup", struct{}{}, nil); err != nil {
			return nil, err
		}
		c.rooms = append(c.rooms, visitor.Room)
		c.people = append(c.people,
			&person{name: fmt.Sprintf("visitor %d", i), room: visitor.Room, listen: visitor.Live},
			&person{name: fmt.Sprintf("agent %d", i), room: visitor.Room, listen: staff.Live})
	}
	return c, nil
}

// talk lets all talk until ctx ends; it returns when the last one has stopped.
func (c *company) talk(ctx context.Context) {
	var wait sync.WaitGroup
	for _, p := range c.people {
		wait.Go(func() { p.talk(ctx) })
	}
	wait.Wait()
}

func (c *company) settle(ctx context.Context) error {
	for _, p := range c.people {
		if err := p.settle(ctx); err != nil {
			return err
		}
	}
	return nil
}

// check compares what people remember with what the server has.
func (c *company) check(ctx context.Context) (total int, err error) {
	rooms := map[string][]stored{}
	for _, room := range c.rooms {
		if rooms[room], err = history(ctx, c.workspace.Founder, room); err != nil {
			return 0, err
		}
		for i, m := range rooms[room] {
			if m.Seq != int64(i+1) {
				return 0, fmt.Errorf("room %s: message %d has sequence %d", room, i+1, m.Seq)
			}
		}
	}
	known := map[string]bool{}
	for _, p := range c.people {
		sent, err := p.memory()
		if err != nil {
			return 0, fmt.Errorf("%s: %w", p.name, err)
		}
		if err = compare(sent, rooms[p.room]); err != nil {
			return 0, fmt.Errorf("%s: %w", p.name, err)
		}
		for _, m := range sent {
			known[m.id] = true
		}
		total += len(sent)
	}
	return total, strangers(known, rooms)
}

// compare: each acknowledged message stands once, where it was acknowledged, as it was written; and in the order sent.
func compare(sent []message, have []stored) error {
	at := map[string]stored{}
	for _, h := range have {
		if _, twice := at[h.ID]; twice && h.ID != "" {
			return fmt.Errorf("message %s stands twice", h.ID)
		}
		at[h.ID] = h
	}
	last := int64(0)
	for _, m := range sent {
		h, there := at[m.id]
		switch {
		case m.seq == 0 && !there:
			continue
		case !there:
			return fmt.Errorf("acknowledged message %s (sequence %d) is lost", m.id, m.seq)
		case m.seq != 0 && h.Seq != m.seq:
			return fmt.Errorf("message %s was acknowledged as %d and stands at %d", m.id, m.seq, h.Seq)
		case h.Body != m.body:
			return fmt.Errorf("message %s has another text", m.id)
		case h.Seq <= last:
			return fmt.Errorf("message %s stands before one that was sent earlier", m.id)
		}
		last = h.Seq
	}
	return nil
}

// strangers finds messages of people that nobody sent. Each room begins with the visitor's question.
func strangers(known map[string]bool, rooms map[string][]stored) error {
	for room, all := range rooms {
		unknown := 0
		for _, m := range all {
			if m.Event == "" && !known[m.ID] {
				unknown++
			}
		}
		if unknown != 1 {
			return fmt.Errorf("room %s has %d messages that nobody sent, beside its question", room, unknown-1)
		}
	}
	return nil
}

// soon bounds one step of a test.
func soon(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, 60*time.Second)
}
