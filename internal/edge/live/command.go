package live

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strconv"

	"github.com/centrifugal/centrifuge"

	"parlatory"
	"parlatory/internal/domain/chat"
	"parlatory/internal/guard/access"
)

// command is one live command: its acts (staff's and visitor's) and what runs it.
type command struct {
	acts []access.Act
	run  func(ctx context.Context, s *socket, data []byte) (any, error)
}

// Command is a line of the list that the permission matrix and the tenant crawl read.
type Command struct {
	Name string
	Acts []access.Act
}

// Commands lists the live commands with their acts.
func (l *Live) Commands() []Command {
	var all []Command
	for name, c := range l.commands {
		all = append(all, Command{name, c.acts})
	}
	return all
}

const postName = "chat.post"

func (l *Live) table() map[string]command {
	return map[string]command{
		"chat.open":   {[]access.Act{chat.ActRead, chat.ActVisitorRead}, l.open},
		"chat.since":  {[]access.Act{chat.ActRead, chat.ActVisitorRead}, l.since},
		"chat.leave":  {[]access.Act{chat.ActLeave}, l.leaveRoom},
		"chat.typing": {[]access.Act{chat.ActTyping, chat.ActVisitorTyping}, l.typing},
		"chat.read":   {[]access.Act{chat.ActMark, chat.ActVisitorMark}, l.read},
		postName:      {[]access.Act{chat.ActPost, chat.ActVisitorPost}, nil}, // answered after the commit, see post
	}
}

var errNoCommand = &centrifuge.Error{Code: 404, Message: "There is no such command."}

func (l *Live) command(s *socket, e centrifuge.RPCEvent, answer centrifuge.RPCCallback) {
	if e.Method == postName {
		l.post(s, e.Data, answer)
		return
	}
	c, ok := l.commands[e.Method]
	if !ok {
		answer(centrifuge.RPCReply{}, errNoCommand)
		return
	}
	if !l.hall.spend(s, l.Clock.Now(), l.Limits.CommandsPerSecond) {
		answer(centrifuge.RPCReply{}, &centrifuge.Error{Code: 429, Message: "Too many commands. Please wait a moment."})
		return
	}
	out, err := c.run(s.client.Context(), s, e.Data)
	if err != nil {
		answer(centrifuge.RPCReply{}, l.refusal(e.Method, err))
		return
	}
	data, err := json.Marshal(out)
	if err != nil {
		answer(centrifuge.RPCReply{}, l.refusal(e.Method, err))
		return
	}
	answer(centrifuge.RPCReply{Data: data}, nil)
}

var codes = map[parlatory.Kind]uint32{
	parlatory.KindInternal: 500, parlatory.KindInvalid: 400, parlatory.KindUnauthenticated: 401, parlatory.KindForbidden: 403,
	parlatory.KindNotFound: 404, parlatory.KindConflict: 409, parlatory.KindExpired: 410, parlatory.KindTooLarge: 413,
	parlatory.KindTooMany: 429, parlatory.KindUnavailable: 503,
	parlatory.KindStepUp: 403,
}

// refusal is an error as a client sees it: a code and the public sentence.
func (l *Live) refusal(method string, err error) error {
	var e *parlatory.Error
	if !errors.As(err, &e) {
		e = parlatory.Internal("live command", err)
	}
	if e.Kind == parlatory.KindInternal || e.Kind == parlatory.KindUnavailable {
		l.Log.Error("live command failed", slog.String("command", method), slog.String("cause", err.Error()))
	}
	text := e.Public
	for _, f := range e.Fields {
		text += " " + f.Name + " " + f.Reason + "."
	}
	return &centrifuge.Error{Code: codes[e.Kind], Message: text, Temporary: e.Kind == parlatory.KindUnavailable}
}

// decode reads a command strictly: unknown fields and trailing bytes are refused.
func decode(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return parlatory.Fail(parlatory.KindInvalid, "This command cannot be read.")
	}
	if d.More() {
		return parlatory.Fail(parlatory.KindInvalid, "This command cannot be read.")
	}
	return nil
}

type roomCommand struct {
	Room  parlatory.RoomID `json:"room"`
	After int64            `json:"after"`
}

// history is the answer of open and since. Items are frames as listeners get them.
type history struct {
	Head  int64             `json:"head"`
	Items []json.RawMessage `json:"items"`
	More  bool              `json:"more"`
}

// open subscribes first and reads then, so that nothing falls between.
func (l *Live) open(ctx context.Context, s *socket, data []byte) (any, error) {
	var in roomCommand
	if err := decode(data, &in); err != nil {
		return nil, err
	}
	head, err := l.Chat.MayRead(ctx, s.actor, in.Room)
	if err != nil {
		return nil, err
	}
	already, _ := l.hall.listening(s, in.Room)
	if err := l.listen(s, in.Room, head); err != nil {
		return nil, err
	}
	out, err := l.history(ctx, s, in)
	if err != nil && !already {
		// The right was lost in between, or the reading could not be witnessed: a change that was told before the
		// socket listened is not judged again.
		l.unlisten(s, in.Room)
	}
	return out, err
}

func (l *Live) since(ctx context.Context, s *socket, data []byte) (any, error) {
	var in roomCommand
	if err := decode(data, &in); err != nil {
		return nil, err
	}
	return l.history(ctx, s, in)
}

func (l *Live) history(ctx context.Context, s *socket, in roomCommand) (any, error) {
	if in.After < 0 {
		return nil, parlatory.Invalid("after", "must not be negative")
	}
	h, err := l.Chat.Messages(ctx, s.actor, in.Room, chat.Range{After: in.After, Limit: 100})
	if err != nil {
		return nil, err
	}
	return pageOf(h, in.After == 0), nil
}

// answerBytes bounds one answer: longer ones would overflow the socket's own queue, and whoever writes the longest
// messages could cut off everybody who opens the room.
const answerBytes = 64 << 10

// pageOf takes as many messages as fit, at least one: the newest of a page from the end, else the oldest.
func pageOf(h chat.History, newest bool) history {
	out := history{Head: h.Head, Items: make([]json.RawMessage, 0, len(h.Messages))}
	messages, size := h.Messages, 0
	if newest {
		messages = slices.Clone(messages)
		slices.Reverse(messages)
	}
	for _, m := range messages {
		item := m.Encode()
		if size += len(item); size > answerBytes && len(out.Items) > 0 {
			break
		}
		out.Items = append(out.Items, item)
	}
	if n := len(out.Items); n > 0 {
		out.Head = max(out.Head, h.Messages[len(h.Messages)-1].Seq)
		last := messages[n-1].Seq
		out.More = last < out.Head
		if newest {
			slices.Reverse(out.Items)
			out.More = last > 1
		}
	}
	return out
}

func (l *Live) leaveRoom(ctx context.Context, s *socket, data []byte) (any, error) {
	var in roomCommand
	if err := decode(data, &in); err != nil {
		return nil, err
	}
	if err := l.Chat.Leave(ctx, s.actor); err != nil {
		return nil, err
	}
	if s.actor.Kind == parlatory.Staff { // a visitor goes on listening to the own rooms
		l.unlisten(s, in.Room)
	}
	return struct{}{}, nil
}

func (l *Live) typing(ctx context.Context, s *socket, data []byte) (any, error) {
	var in struct {
		Room parlatory.RoomID `json:"room"`
		On   bool             `json:"on"`
	}
	if err := decode(data, &in); err != nil {
		return nil, err
	}
	if in.On { // that somebody stopped is said by the clock
		l.use(s)
	}
	name, err := l.Chat.Typing(ctx, s.actor, in.Room)
	if err != nil {
		return nil, err
	}
	type by struct {
		Kind string          `json:"kind"`
		ID   parlatory.RowID `json:"id"`
		Name string          `json:"name"`
	}
	frame, err := json.Marshal(struct {
		K    string           `json:"k"`
		Room parlatory.RoomID `json:"room"`
		By   by               `json:"by"`
		On   bool             `json:"on"`
	}{"typing", in.Room, by{s.actor.Kind.String(), parlatory.RowID(person(s.actor)), name}, in.On})
	if err != nil {
		return nil, err
	}
	l.toRoom(roomKey{s.actor.Workspace, in.Room}, frame)
	return struct{}{}, nil
}

func (l *Live) read(ctx context.Context, s *socket, data []byte) (any, error) {
	var in struct {
		Room parlatory.RoomID `json:"room"`
		Seq  int64            `json:"seq"`
	}
	if err := decode(data, &in); err != nil {
		return nil, err
	}
	return struct{}{}, l.Chat.Mark(ctx, s.actor, in.Room, in.Seq)
}

// post answers after the commit, from the room's own goroutine: the socket may send its next command meanwhile.
func (l *Live) post(s *socket, data []byte, answer centrifuge.RPCCallback) {
	var in struct {
		Room  parlatory.RoomID   `json:"room"`
		ID    parlatory.ClientID `json:"id"`
		Body  string             `json:"body"`
		Files []parlatory.FileID `json:"files"`
	}
	if err := decode(data, &in); err != nil {
		if !l.hall.spend(s, l.Clock.Now(), l.Limits.CommandsPerSecond) { // sound posts have limits of their own
			s.client.Disconnect(centrifuge.DisconnectBadRequest)
		}
		answer(centrifuge.RPCReply{}, l.refusal(postName, err))
		return
	}
	l.use(s)
	l.Chat.Submit(s.client.Context(), s.actor, chat.Post{Room: in.Room, Client: in.ID, Body: in.Body, Files: in.Files}, func(p chat.Posted, err error) {
		if err != nil {
			answer(centrifuge.RPCReply{}, l.refusal(postName, err))
			return
		}
		b := append(make([]byte, 0, 64), `{"seq":`...)
		b = strconv.AppendInt(b, p.Seq, 10)
		b = append(b, `,"at":"`...)
		b = p.At.UTC().AppendFormat(b, chat.TimeForm)
		b = append(b, '"')
		if p.Kept {
			b = append(b, `,"kept":true`...)
		}
		answer(centrifuge.RPCReply{Data: append(b, '}')}, nil)
	})
}
