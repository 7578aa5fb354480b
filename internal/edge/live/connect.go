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

// connecting decides who is at the other end: staff by the session that front has read, visitors by the token in the
// connect command.
func (l *Live) connecting(ctx context.Context, e centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
	actor := front.ActorOf(ctx)
	switch {
	case actor.Kind == parlatory.Staff:
	case actor.Kind == parlatory.Anonymous && actor.Site != "":
		var given struct {
			Token string `json:"token"`
		}
		if json.Unmarshal(e.Data, &given) != nil {
			return centrifuge.ConnectReply{}, disconnectRefused
		}
		var err error
		if actor, err = l.Sessions.Visitor(ctx, actor.Workspace, given.Token, actor.Site, actor); err != nil {
			if parlatory.KindOf(err) == parlatory.KindInternal {
				return centrifuge.ConnectReply{}, centrifuge.DisconnectServerError
			}
			return centrifuge.ConnectReply{}, disconnectRefused
		}
	case actor.Kind == parlatory.Visitor:
	default:
		return centrifuge.ConnectReply{}, disconnectEnded
	}
	if !l.hall.fits(actor, l.Limits) {
		return centrifuge.ConnectReply{}, disconnectBusy
	}
	reply := centrifuge.ConnectReply{
		Context: context.WithValue(ctx, actorKey{}, actor),
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
	actor, ok := client.Context().Value(actorKey{}).(parlatory.Actor)
	if !ok {
		client.Disconnect(disconnectRefused)
		return
	}
	s := &socket{client: client, actor: actor, rooms: map[parlatory.RoomID]bool{}}
	l.hall.enter(s)
	client.OnDisconnect(func(centrifuge.DisconnectEvent) { l.hall.leave(s) })
	client.OnRPC(func(e centrifuge.RPCEvent, answer centrifuge.RPCCallback) { l.command(s, e, answer) })
	if actor.Kind == parlatory.Visitor {
		if err := l.listenToOwn(s); err != nil {
			client.Disconnect(centrifuge.DisconnectServerError)
		}
	}
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

// Online reports whether a staff member of the workspace has a socket at this node.
func (l *Live) Online(ws parlatory.WorkspaceID) bool {
	for _, s := range l.hall.in(func(h *hall) map[*socket]bool { return h.workspace[ws] }) {
		if s.actor.Kind == parlatory.Staff {
			return true
		}
	}
	return false
}
