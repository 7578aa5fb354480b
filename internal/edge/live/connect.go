package live

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"time"

	"github.com/centrifugal/centrifuge"

	"parlatory"
	"parlatory/internal/edge/front"
)

// lifetime is how long a socket lives before it must connect anew, so that a session's limits hold for sockets too.
const lifetime = time.Hour

type actorKey struct{}

// entrant is who connects, and how to find out whether it is so still.
type entrant struct {
	actor parlatory.Actor
	again func(context.Context) (parlatory.Actor, error)
}

// connecting decides who is at the other end: staff by the session that front has read, visitors by the token in the
// connect command.
func (l *Live) connecting(ctx context.Context, e centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
	actor, again := front.ActorOf(ctx), front.Again
	switch {
	case actor.Kind == parlatory.Staff && actor.Token.Zero():
	case actor.Kind == parlatory.Anonymous && actor.Site != "":
		var given struct {
			Token string `json:"token"`
		}
		if json.Unmarshal(e.Data, &given) != nil {
			return centrifuge.ConnectReply{}, disconnectRefused
		}
		var err error
		from := actor
		again = func(ctx context.Context) (parlatory.Actor, error) {
			return l.Sessions.Visitor(ctx, from.Workspace, given.Token, from.Site, from)
		}
		if actor, err = again(ctx); err != nil {
			if parlatory.KindOf(err) == parlatory.KindInternal {
				return centrifuge.ConnectReply{}, centrifuge.DisconnectServerError
			}
			return centrifuge.ConnectReply{}, disconnectRefused
		}
	case actor.Kind == parlatory.Visitor:
	default:
		return centrifuge.ConnectReply{}, disconnectEnded
	}
	if err := l.Gate.Admit(ctx, actor); err != nil {
		return centrifuge.ConnectReply{}, closed(actor, err)
	}
	if !l.hall.fits(actor, l.Limits) || actor.Unchecked || l.Shared && l.Deaf() > deafMost {
		return centrifuge.ConnectReply{}, disconnectBusy
	}
	reply := centrifuge.ConnectReply{
		Context: context.WithValue(ctx, actorKey{}, entrant{actor, again}),
		Credentials: &centrifuge.Credentials{
			UserID:   parlatory.RowID(person(actor)).String(),
			ExpireAt: l.Clock.Now().Add(lifetime + rand.N(lifetime/6)).Unix(),
		},
		MaxMessagesInFrame: 64,
	}
	if actor.Kind == parlatory.Staff {
		reply.Subscriptions = map[string]centrifuge.SubscribeOptions{lobby(actor.Workspace): {}}
	}
	return reply, nil
}

func (l *Live) connected(client *centrifuge.Client) {
	who, ok := client.Context().Value(actorKey{}).(entrant)
	if !ok {
		client.Disconnect(disconnectRefused)
		return
	}
	s := &socket{client: client, actor: who.actor, rooms: map[parlatory.RoomID]bool{}}
	if !l.hall.enter(s, l.Limits) {
		client.Disconnect(disconnectBusy)
		return
	}
	client.OnDisconnect(func(centrifuge.DisconnectEvent) { l.hall.leave(s) })
	// From here on the hall hears what ends this socket. What ended before, between the request and now, is asked.
	if now, err := who.again(client.Context()); err != nil || !sameActor(now, who.actor) {
		client.Disconnect(disconnectAnew)
		return
	}
	// The gate too: what changed between the request and now was told to sockets that the hall knew.
	if err := l.Gate.Admit(client.Context(), who.actor); err != nil {
		client.Disconnect(closed(who.actor, err))
		return
	}
	client.OnRPC(func(e centrifuge.RPCEvent, answer centrifuge.RPCCallback) { l.command(s, e, answer) })
	if s.actor.Kind == parlatory.Visitor {
		if err := l.listenToOwn(s); err != nil {
			client.Disconnect(centrifuge.DisconnectServerError)
		}
	}
}

// closed is how a socket ends before which the gate is shut; where the gate can't be judged it comes back later.
func closed(actor parlatory.Actor, err error) centrifuge.Disconnect {
	switch kind := parlatory.KindOf(err); {
	case kind == parlatory.KindInternal || kind == parlatory.KindUnavailable:
		return disconnectAnew
	case actor.Kind == parlatory.Staff:
		return disconnectEnded
	}
	return disconnectRefused
}

// sameActor holds when nothing that rights hang on differs.
func sameActor(a, b parlatory.Actor) bool {
	return a.Kind == b.Kind && a.Workspace == b.Workspace && a.Session == b.Session && a.Account == b.Account && a.Staff == b.Staff &&
		a.Department == b.Department && a.Role == b.Role && a.Contact == b.Contact && a.Site == b.Site && a.Factor == b.Factor && a.Token == b.Token
}

// listenToOwn subscribes a visitor to the rooms of the own enquiries.
func (l *Live) listenToOwn(s *socket) error {
	own, err := l.Chat.Own(s.client.Context(), s.actor)
	if err != nil {
		return err
	}
	for _, e := range own {
		if err := l.listen(s, e.Room, e.Head); err != nil {
			return err
		}
	}
	return nil
}

// listen subscribes a socket to a room that its actor may read. The caller has judged that.
func (l *Live) listen(s *socket, room parlatory.RoomID, head int64) error {
	already, count := l.hall.listening(s, room)
	if already {
		return nil
	}
	if count >= l.Limits.RoomsPerSocket {
		return parlatory.Conflict("Too many conversations are open on this device. Close some.")
	}
	l.hall.join(s, room, head)
	if err := s.client.Subscribe(roomKey{s.actor.Workspace, room}.channel(s.actor.Kind)); err != nil {
		l.hall.part(s, room)
		return parlatory.Fail(parlatory.KindUnavailable, "The connection has just closed.").Because(err)
	}
	return nil
}

func (l *Live) unlisten(s *socket, room parlatory.RoomID) {
	l.hall.part(s, room)
	s.client.Unsubscribe(roomKey{s.actor.Workspace, room}.channel(s.actor.Kind))
}

// Online reports whether a staff member of the workspace has a socket at this node. A node among several may not know of
// those at the others.
func (l *Live) Online(ws parlatory.WorkspaceID) bool {
	l.hall.mu.RLock()
	defer l.hall.mu.RUnlock()
	return l.hall.staff[ws] > 0
}
