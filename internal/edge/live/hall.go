package live

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/centrifugal/centrifuge"

	"parlatory"
)

type roomKey struct {
	workspace parlatory.WorkspaceID
	room      parlatory.RoomID
}

// channel is the hub's name of a room's audience. A room has two, so that what staff write among themselves never
// shares a channel with a visitor.
func (k roomKey) channel(kind parlatory.ActorKind) string {
	b := make([]byte, 0, 40)
	b = append(b, 'r', ':')
	b = k.room.AppendTo(b)
	if kind == parlatory.Visitor {
		return string(append(b, 'v'))
	}
	return string(append(b, 's'))
}

func lobby(ws parlatory.WorkspaceID) string { return "w:" + ws.String() }

// socket is one connection and what it listens to.
type socket struct {
	client *centrifuge.Client
	actor  parlatory.Actor
	rooms  map[parlatory.RoomID]bool // guarded by hall.mu
	used   atomic.Int64              // when its person's use was noted last, in nanoseconds
}

// budget is what one person's sockets at this node may still command: a token bucket.
type budget struct {
	tokens float64
	at     time.Time
}

// spend takes one command from the person's budget, which holds two seconds' worth. All sockets of a person share it.
func (h *hall) spend(s *socket, now time.Time, perSecond int) bool {
	h.spending.Lock()
	defer h.spending.Unlock()
	most, who := 2*float64(perSecond), person(s.actor)
	b := h.budgets[who]
	if b == nil {
		b = &budget{tokens: most, at: now}
		h.budgets[who] = b
	}
	if passed := now.Sub(b.at).Seconds(); passed > 0 {
		b.tokens, b.at = min(most, b.tokens+passed*float64(perSecond)), now
	}
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// listened is a room that somebody on this node listens to.
type listened struct {
	sockets map[*socket]bool
	head    int64 // the newest sequence that was sent to them
	staff   string
	visitor string
}

// hall knows the sockets of this node by everything that a told event may name.
type hall struct {
	mu        sync.RWMutex
	sockets   map[string]*socket // by client id
	people    map[[16]byte]map[*socket]bool
	sessions  map[parlatory.SessionID]map[*socket]bool
	accounts  map[parlatory.AccountID]map[*socket]bool
	workspace map[parlatory.WorkspaceID]map[*socket]bool
	rooms     map[roomKey]*listened
	staff     map[parlatory.WorkspaceID]int // sockets of staff

	spending sync.Mutex
	budgets  map[[16]byte]*budget // of people who have sockets
}

func (h *hall) start() {
	h.sockets = map[string]*socket{}
	h.people = map[[16]byte]map[*socket]bool{}
	h.sessions = map[parlatory.SessionID]map[*socket]bool{}
	h.accounts = map[parlatory.AccountID]map[*socket]bool{}
	h.workspace = map[parlatory.WorkspaceID]map[*socket]bool{}
	h.rooms = map[roomKey]*listened{}
	h.staff = map[parlatory.WorkspaceID]int{}
	h.budgets = map[[16]byte]*budget{}
}

func person(a parlatory.Actor) [16]byte {
	if a.Kind == parlatory.Visitor {
		return a.Contact.Raw()
	}
	return a.Staff.Raw()
}

func put[K comparable](m map[K]map[*socket]bool, k K, s *socket) {
	if m[k] == nil {
		m[k] = map[*socket]bool{}
	}
	m[k][s] = true
}

func drop[K comparable](m map[K]map[*socket]bool, k K, s *socket) {
	delete(m[k], s)
	if len(m[k]) == 0 {
		delete(m, k)
	}
}

// fits reports whether one more socket of the actor fits, for an early refusal.
func (h *hall) fits(a parlatory.Actor, l Limits) bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.room(a, l)
}

func (h *hall) room(a parlatory.Actor, l Limits) bool {
	return len(h.sockets) < l.Sockets && len(h.people[person(a)]) < l.SocketsPerPerson
}

// enter takes a socket in if it fits; many may connect at once, so the early refusal is not enough.
func (h *hall) enter(s *socket, l Limits) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.room(s.actor, l) {
		return false
	}
	h.sockets[s.client.ID()] = s
	put(h.people, person(s.actor), s)
	put(h.sessions, s.actor.Session, s)
	put(h.workspace, s.actor.Workspace, s)
	if !s.actor.Account.Zero() {
		put(h.accounts, s.actor.Account, s)
	}
	if s.actor.Kind == parlatory.Staff {
		h.staff[s.actor.Workspace]++
	}
	return true
}

func (h *hall) leave(s *socket) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.sockets[s.client.ID()] != s {
		return
	}
	delete(h.sockets, s.client.ID())
	if s.actor.Kind == parlatory.Staff {
		if h.staff[s.actor.Workspace]--; h.staff[s.actor.Workspace] == 0 {
			delete(h.staff, s.actor.Workspace)
		}
	}
	drop(h.people, person(s.actor), s)
	drop(h.sessions, s.actor.Session, s)
	drop(h.workspace, s.actor.Workspace, s)
	drop(h.accounts, s.actor.Account, s)
	for room := range s.rooms {
		h.leaveRoom(s, room)
	}
	if who := person(s.actor); h.people[who] == nil {
		h.spending.Lock()
		delete(h.budgets, who)
		h.spending.Unlock()
	}
}

// join notes that a socket listens to a room. head is the room's as of before the subscription.
func (h *hall) join(s *socket, room parlatory.RoomID, head int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	k := roomKey{s.actor.Workspace, room}
	r := h.rooms[k]
	if r == nil {
		r = &listened{sockets: map[*socket]bool{}, head: head, staff: k.channel(parlatory.Staff), visitor: k.channel(parlatory.Visitor)}
		h.rooms[k] = r
	}
	r.sockets[s] = true
	s.rooms[room] = true
}

func (h *hall) part(s *socket, room parlatory.RoomID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.leaveRoom(s, room)
}

func (h *hall) leaveRoom(s *socket, room parlatory.RoomID) {
	k := roomKey{s.actor.Workspace, room}
	delete(s.rooms, room)
	if r := h.rooms[k]; r != nil {
		delete(r.sockets, s)
		if len(r.sockets) == 0 {
			delete(h.rooms, k)
		}
	}
}

// listening reports whether the socket listens to the room, and to how many it does.
func (h *hall) listening(s *socket, room parlatory.RoomID) (bool, int) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return s.rooms[room], len(s.rooms)
}

// in lists the sockets of a set; the set may change meanwhile.
func (h *hall) in(set func(*hall) map[*socket]bool) []*socket {
	h.mu.RLock()
	defer h.mu.RUnlock()
	found := set(h)
	list := make([]*socket, 0, len(found))
	for s := range found {
		list = append(list, s)
	}
	return list
}

// advance gives the channels of a listened room and the stretch from its last sent sequence to seq, which it notes as
// sent. Nothing is to be sent where nobody listens, or seq was sent before.
func (h *hall) advance(k roomKey, seq int64) (staff, visitor string, from int64, listened bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.rooms[k]
	if r == nil || seq <= r.head {
		return "", "", 0, false
	}
	from, r.head = r.head+1, seq
	return r.staff, r.visitor, from, true
}

// head is the newest sequence that was sent to a room's listeners.
func (h *hall) head(k roomKey) (int64, bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if r := h.rooms[k]; r != nil {
		return r.head, true
	}
	return 0, false
}

// retreat notes that what lies after seq was not sent after all.
func (h *hall) retreat(k roomKey, seq int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r := h.rooms[k]; r != nil && r.head > seq {
		r.head = seq
	}
}

// byWorkspace gathers the rooms that have listeners.
func (h *hall) byWorkspace() map[parlatory.WorkspaceID][]parlatory.RoomID {
	h.mu.RLock()
	defer h.mu.RUnlock()
	rooms := map[parlatory.WorkspaceID][]parlatory.RoomID{}
	for k := range h.rooms {
		rooms[k.workspace] = append(rooms[k.workspace], k.room)
	}
	return rooms
}
