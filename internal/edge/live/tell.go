package live

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/centrifugal/centrifuge"

	"parlatory"
)

// pollEach is how often a node of several looks for rooms that have moved on without its hearing of it.
const pollEach = 500 * time.Millisecond

// deafMost is how long a node that shares its database serves sockets without hearing the others: what it did not hear
// may have ended a session.
const deafMost = 2 * time.Second

// Told takes events from the database; it never blocks. What does not fit is made up for by comparing heads.
func (l *Live) Told(events []parlatory.Event) {
	select {
	case l.told <- events:
	default:
		l.missed.Store(true)
	}
}

func (l *Live) tell(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case events := <-l.told:
			for _, e := range events {
				l.hear(ctx, e)
			}
			if l.missed.CompareAndSwap(true, false) {
				l.compare(ctx)
				l.anewAll()
			}
		}
	}
}

func (l *Live) hear(ctx context.Context, e parlatory.Event) {
	switch e.Kind {
	case parlatory.MessagePosted:
		l.message(ctx, roomKey{e.Workspace, e.Room}, e.Seq)
	case parlatory.ReadMoved:
		l.readMoved(e)
	case parlatory.FileChanged:
		l.fileChanged(e)
	case parlatory.EnquiryOpened, parlatory.EnquiryChanged:
		frame := enquiryFrame(e)
		l.broadcast(lobby(e.Workspace), frame)
		l.broadcast(roomKey{e.Workspace, e.Room}.channel(parlatory.Visitor), frame)
		l.reconsider(roomKey{e.Workspace, e.Room})
	case parlatory.EventsMissed:
		l.missed.Store(true)
	case parlatory.SessionEnded:
		l.end(disconnectEnded, func(h *hall) map[*socket]bool { return h.sessions[e.Session] })
	case parlatory.AccountChanged:
		l.end(disconnectAnew, func(h *hall) map[*socket]bool { return h.accounts[e.Account] })
	case parlatory.StaffChanged:
		l.end(disconnectAnew, func(h *hall) map[*socket]bool { return h.people[e.Staff.Raw()] })
	case parlatory.ContactErased:
		l.end(disconnectEnded, func(h *hall) map[*socket]bool { return h.people[e.Contact.Raw()] })
		if !e.Enquiry.Zero() {
			l.broadcast(lobby(e.Workspace), enquiryFrame(e))
		}
	case parlatory.SitesChanged:
		l.sitesChanged(ctx, e.Workspace)
	case parlatory.SecurityChanged:
		l.securityChanged(ctx, e.Workspace)
	}
}

// useEach is how often one socket's use is noted.
const useEach = time.Minute

// use notes, aside, that a person did something on a socket. What the page does by itself does not count: it opens its rooms again
// after each break, and marks as read what comes in while it is shown. Whoever opens a conversation asks for it over HTTP too.
func (l *Live) use(s *socket) {
	if s.actor.Kind != parlatory.Staff {
		return
	}
	now := l.Clock.Now().UnixNano()
	if last := s.used.Load(); now-last < int64(useEach) || !s.used.CompareAndSwap(last, now) {
		return
	}
	select {
	case l.used <- s.actor:
	default: // at worst the session idles out sooner
	}
}

func (l *Live) note(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case actor := <-l.used:
			if err := l.Touch(ctx, actor); err != nil && ctx.Err() == nil {
				l.Log.Warn("use of a session not noted", slog.String("session", actor.Session.String()), slog.String("cause", err.Error()))
			}
		}
	}
}

// sitesChanged ends the sockets of visitors whose site is not on the list any more; where that can't be found out, they
// connect anew and are judged at the door.
func (l *Live) sitesChanged(ctx context.Context, ws parlatory.WorkspaceID) {
	verdicts := map[string]centrifuge.Disconnect{}
	for _, s := range l.hall.in(func(h *hall) map[*socket]bool { return h.workspace[ws] }) {
		if s.actor.Kind != parlatory.Visitor {
			continue
		}
		verdict, judged := verdicts[s.actor.Site]
		if !judged {
			listed, err := l.Sites.Listed(ctx, ws, s.actor.Site)
			switch {
			case err != nil:
				verdict = disconnectAnew
			case !listed:
				verdict = disconnectRefused
			}
			verdicts[s.actor.Site] = verdict
		}
		if verdict.Code != 0 {
			s.client.Disconnect(verdict)
		}
	}
}

// message sends what a room's listeners have not had, up to seq. Encoded once, the bytes are shared by all.
func (l *Live) message(ctx context.Context, k roomKey, seq int64) {
	if seq = l.believed(ctx, k, seq); seq == 0 {
		return
	}
	staff, visitor, from, listened := l.hall.advance(k, seq)
	if listened {
		for at := from; at <= seq; at++ {
			frame, err := l.Chat.Frame(ctx, k.workspace, k.room, at)
			if err != nil {
				l.Log.Error("frame of a told message", slog.String("cause", err.Error()))
				l.hall.retreat(k, at-1) // the next event, or the poll, sends it
				break
			}
			l.broadcast(staff, frame)
			l.broadcast(visitor, frame)
		}
	}
	l.hint(k, seq)
}

// jumpMost is how far a told sequence may lie ahead of what was sent without being looked up.
const jumpMost = 50

// believed is the sequence up to which a room has grown. Events of other nodes come over the database's notifications, which
// anybody at the database can send: a jump is looked up first.
func (l *Live) believed(ctx context.Context, k roomKey, seq int64) int64 {
	head, listened := l.hall.head(k)
	if !listened || seq <= head+jumpMost {
		return seq
	}
	heads, err := l.Chat.Heads(ctx, k.workspace, []parlatory.RoomID{k.room})
	if err != nil {
		l.Log.Error("look up a told sequence", slog.String("cause", err.Error()))
		return 0
	}
	return min(seq, heads[k.room])
}

// hint tells the staff whose list shows the room, and who do not listen to it, that it has moved on.
func (l *Live) hint(k roomKey, seq int64) {
	enquiry, assignee, waiting, ok := l.Chat.Glance(k.workspace, k.room)
	if !ok {
		return
	}
	e := parlatory.Event{Workspace: k.workspace, Room: k.room, Enquiry: enquiry, Seq: seq}
	if waiting {
		l.broadcast(lobby(k.workspace), enquiryFrame(e))
		return
	}
	for _, s := range l.hall.in(func(h *hall) map[*socket]bool { return h.people[assignee.Raw()] }) {
		if listens, _ := l.hall.listening(s, k.room); !listens {
			_ = s.client.Send(enquiryFrame(e)) // a hint: a closed socket needs none
		}
	}
}

func enquiryFrame(e parlatory.Event) []byte {
	frame, _ := json.Marshal(struct { // ids and a number always encode
		K       string              `json:"k"`
		Enquiry parlatory.EnquiryID `json:"enquiry"`
		Room    parlatory.RoomID    `json:"room"`
		Head    int64               `json:"head,omitempty"`
	}{"enquiry", e.Enquiry, e.Room, e.Seq})
	return frame
}

// fileChanged tells whoever is about to send a file that its check has ended; how, they ask for.
func (l *Live) fileChanged(e parlatory.Event) {
	who := e.Staff.Raw()
	if e.Staff.Zero() {
		who = e.Contact.Raw()
	}
	frame, _ := json.Marshal(struct { // ids always encode
		K    string           `json:"k"`
		File parlatory.FileID `json:"file"`
		Room parlatory.RoomID `json:"room"`
	}{"file", e.File, e.Room})
	for _, s := range l.hall.in(func(h *hall) map[*socket]bool { return h.people[who] }) {
		_ = s.client.Send(frame) // a hint: a closed socket needs none
	}
}

func (l *Live) readMoved(e parlatory.Event) {
	type by struct {
		Kind string `json:"kind"`
		ID   string `json:"id"`
	}
	who := by{parlatory.Staff.String(), e.Staff.String()}
	if e.Staff.Zero() {
		who = by{parlatory.Visitor.String(), e.Contact.String()}
	}
	frame, _ := json.Marshal(struct { // ids and a number always encode
		K    string           `json:"k"`
		Room parlatory.RoomID `json:"room"`
		Seq  int64            `json:"seq"`
		By   by               `json:"by"`
	}{"read", e.Room, e.Seq, who})
	l.toRoom(roomKey{e.Workspace, e.Room}, frame)
}

func (l *Live) toRoom(k roomKey, frame []byte) {
	l.broadcast(k.channel(parlatory.Staff), frame)
	l.broadcast(k.channel(parlatory.Visitor), frame)
}

// broadcast goes to this node's listeners only; the other nodes hear the same event themselves.
func (l *Live) broadcast(channel string, frame []byte) {
	if l.node.Hub().NumSubscribers(channel) == 0 {
		return
	}
	if err := l.node.Hub().BroadcastPublication(channel, &centrifuge.Publication{Data: frame}, centrifuge.StreamPosition{}); err != nil {
		l.Log.Error("broadcast", slog.String("cause", err.Error()))
	}
}

func (l *Live) end(d centrifuge.Disconnect, set func(*hall) map[*socket]bool) {
	for _, s := range l.hall.in(set) {
		s.client.Disconnect(d)
	}
}

// anewAll is for the case that events were missed: what they would have ended is not known, so all connect anew.
func (l *Live) anewAll() {
	l.hall.mu.RLock()
	all := make([]*socket, 0, len(l.hall.sockets))
	for _, s := range l.hall.sockets {
		all = append(all, s)
	}
	l.hall.mu.RUnlock()
	for _, s := range all {
		s.client.Disconnect(disconnectAnew)
	}
}

// doubt is a room whose listeners may have lost the right to read.
type doubt struct{ roomKey }

func (l *Live) reconsider(k roomKey) {
	select {
	case l.doubt <- doubt{k}:
	default:
		l.missed.Store(true)
	}
}

// judge asks again, for each listener of a changed room, whether it may read; it reads the database, so it does not
// hold up the telling.
func (l *Live) judge(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case d := <-l.doubt:
			for _, s := range l.hall.in(func(h *hall) map[*socket]bool {
				if r := h.rooms[d.roomKey]; r != nil {
					return r.sockets
				}
				return nil
			}) {
				if _, err := l.Chat.MayRead(ctx, s.actor, d.room); err != nil {
					l.unlisten(s, d.room)
					gone, _ := json.Marshal(map[string]string{"k": "gone", "room": d.room.String()}) // always encodes
					_ = s.client.Send(gone)                                                          // a hint
				}
			}
		}
	}
}

// poll compares heads, for nodes that share a database with others: a told event is a hint, and hints get lost.
func (l *Live) poll(ctx context.Context) {
	tick := time.NewTicker(pollEach)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if l.Deaf() > deafMost {
				l.anewAll() // and connecting refuses until the node hears again
				continue
			}
			l.compare(ctx)
		}
	}
}

func (l *Live) compare(ctx context.Context) {
	for ws, rooms := range l.hall.byWorkspace() {
		heads, err := l.Chat.Heads(ctx, ws, rooms)
		if err != nil {
			if ctx.Err() == nil {
				l.Log.Error("compare heads", slog.String("cause", err.Error()))
			}
			continue
		}
		for room, head := range heads {
			l.message(ctx, roomKey{ws, room}, head)
		}
	}
}
