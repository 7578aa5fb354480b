package chat

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parlatory"
	"parlatory/internal/domain/file"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/policy"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// Post is one message as its author sends it. Client is chosen by the author's device, unique in the room; a
// repeat by the same author returns the first answer.
type Post struct {
	Room   parlatory.RoomID
	Client parlatory.ClientID
	Body   string             // may be empty beside files
	Files  []parlatory.FileID // the author's own, ready and in this room; at most file.MessageMax
}

// Posted is the answer to a post: its place in the room, on disk. One that is kept has no place yet: the workspace's keys are out of
// reach, and the message stands in the inbox until they are back.
type Posted struct {
	Seq  int64
	At   time.Time
	Kept bool
}

type waiting struct {
	actor parlatory.Actor
	level access.Level
	draft draft
	done  func(Posted, error)

	posted Posted
	err    error
}

// gather is the queue of one workspace's waiting posts. While it is busy one goroutine empties it.
type gather struct {
	queue []*waiting
	busy  bool
}

// Post appends a message and returns when it is on disk.
func (r *Room) Post(ctx context.Context, actor parlatory.Actor, p Post) (Posted, error) {
	type answer struct {
		posted Posted
		err    error
	}
	answers := make(chan answer, 1)
	r.Submit(ctx, actor, p, func(posted Posted, err error) { answers <- answer{posted, err} })
	select {
	case a := <-answers:
		return a.posted, a.err
	case <-ctx.Done():
		return Posted{}, parlatory.Fail(parlatory.KindUnavailable, "The answer took too long. Sending again is safe.").Because(ctx.Err())
	}
}

// Submit is Post for callers that do not wait: done is called once, after the commit or with the refusal, and must not
// block.
func (r *Room) Submit(ctx context.Context, actor parlatory.Actor, p Post, done func(Posted, error)) {
	w, err := r.admit(ctx, actor, p)
	if actor.Kind == parlatory.Visitor && (errors.Is(err, vault.ErrAway) || err == nil && actor.Unchecked) {
		done(r.keep(ctx, actor, p))
		return
	}
	if err != nil {
		done(Posted{}, err)
		return
	}
	w.done = done
	if err := r.enqueue(actor.Workspace, w); err != nil {
		done(Posted{}, err)
	}
}

// admit does all that needs no transaction: permit, rate, form, keys and name.
func (r *Room) admit(ctx context.Context, actor parlatory.Actor, p Post) (*waiting, error) {
	act := ActPost
	if actor.Kind == parlatory.Visitor {
		act = ActVisitorPost
	}
	permit, err := r.Law.Permit(ctx, actor, act)
	if err != nil {
		return nil, err
	}
	if err := r.rates.post(r.Clock.Now(), actor, r.Limits); err != nil {
		return nil, err
	}
	body, err := p.text()
	if err != nil {
		return nil, err
	}
	if p.Client.Zero() {
		return nil, parlatory.Invalid("id", "must be a UUID that you choose")
	}
	st, err := r.visible(ctx, actor, permit.Level(), p.Room)
	if err != nil {
		return nil, err
	}
	held, err := r.hold(ctx, actor.Workspace, st.contact)
	if err != nil {
		return nil, err
	}
	kind, author := authorOf(actor)
	name, err := r.nameOf(ctx, actor.Workspace, kind, author)
	if err != nil {
		return nil, err
	}
	if actor.Kind == parlatory.Visitor {
		r.mintInbox(ctx, actor.Workspace)
	}
	return &waiting{actor: actor, level: permit.Level(), draft: draft{room: p.Room, client: p.Client, kind: kind, author: author, name: name, body: body, files: p.Files, held: held}}, nil
}

// text judges text and files: one of the two must be there.
func (p Post) text() (string, error) {
	if err := file.Files(p.Files); err != nil {
		return "", err
	}
	if len(p.Files) > 0 && p.Body == "" {
		return "", nil
	}
	return Body(p.Body)
}

// Body judges the text of a message: valid UTF-8 in NFC, 1 to MaxBody characters, no control characters.
func Body(s string) (string, error) {
	body, err := policy.Text(s, 1, MaxBody)
	if err != nil {
		return "", parlatory.Invalid("body", fmt.Sprintf("must have 1 to %d characters and no control characters", MaxBody)).Because(err)
	}
	return body, nil
}

func authorOf(actor parlatory.Actor) (parlatory.ActorKind, [16]byte) {
	if actor.Kind == parlatory.Visitor {
		return parlatory.Visitor, actor.Contact.Raw()
	}
	return parlatory.Staff, actor.Staff.Raw()
}

// visible is the state of a room that the actor sees. A remembered state may say yes, never no: what it hides may have been
// given to the actor since.
func (r *Room) visible(ctx context.Context, actor parlatory.Actor, level access.Level, room parlatory.RoomID) (state, error) {
	for range 2 {
		st, err := r.state(ctx, actor.Workspace, room)
		if err != nil {
			return state{}, err
		}
		if sees(actor, level, st) {
			return st, nil
		}
		r.states.drop(roomKey{actor.Workspace, room})
	}
	return state{}, parlatory.NotFound()
}

// state is the remembered state of a room, or a fresh one.
func (r *Room) state(ctx context.Context, ws parlatory.WorkspaceID, room parlatory.RoomID) (state, error) {
	k := roomKey{ws, room}
	if st, ok := r.states.get(k); ok {
		return st, nil
	}
	permit, err := r.Law.System(actFrames, ws)
	if err != nil {
		return state{}, err
	}
	var st state
	err = r.DB.Read(ctx, permit, func(tx *db.Tx) error {
		st, err = readState(tx, room)
		return err
	})
	if err != nil {
		return state{}, err
	}
	r.states.put(k, st)
	return st, nil
}

func (r *Room) enqueue(ws parlatory.WorkspaceID, w *waiting) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := r.gathers[ws]
	if g == nil {
		g = &gather{}
		r.gathers[ws] = g
	}
	if r.closed || len(g.queue) >= queueMost {
		return parlatory.Fail(parlatory.KindUnavailable, "The server is busy. Sending again in a moment is safe.")
	}
	g.queue = append(g.queue, w)
	if !g.busy {
		g.busy = true
		r.gathering.Add(1)
		go r.drain(ws, g)
	}
	return nil
}

func (r *Room) drain(ws parlatory.WorkspaceID, g *gather) {
	defer r.gathering.Done()
	for {
		r.mu.Lock()
		batch := g.queue
		if len(batch) > gatherMost {
			batch = batch[:gatherMost:gatherMost]
		}
		g.queue = g.queue[len(batch):]
		if len(batch) == 0 {
			g.busy = false
			delete(r.gathers, ws)
			r.mu.Unlock()
			return
		}
		r.mu.Unlock()
		r.commit(ws, batch)
	}
}

// tries is how often a batch is written again after collisions. From the second on it locks the rooms, and the other nodes
// are told to do the same.
const tries = 12

// commit writes a batch. After a collision it reads the rooms again and looks for repeats. A room that another node
// writes to at the same time is not remembered: its next post reads it under the lock at once.
func (r *Room) commit(ws parlatory.WorkspaceID, batch []*waiting) {
	permit, err := r.Law.System(actGather, ws)
	var states map[parlatory.RoomID]*working
	contended := false
	for try := 0; err == nil && try < tries; try++ {
		err = r.DB.Write(context.Background(), permit, func(tx *db.Tx) error {
			states = make(map[parlatory.RoomID]*working, len(batch))
			return r.appendAll(tx, batch, states, try > 0)
		})
		if !errors.Is(err, errStale) {
			break
		}
		contended = true
		for room := range states {
			r.states.drop(roomKey{ws, room})
		}
		if try == 0 {
			r.collided(ws, permit, states)
		} else {
			time.Sleep(time.Duration(try) * time.Millisecond) // until the others have heard
		}
		if try < tries-1 {
			err = nil
		}
	}
	if err == nil && !contended {
		for room, st := range states {
			if st.grown { // what was only refused is not remembered
				r.states.put(roomKey{ws, room}, st.state)
			}
		}
	}
	for _, w := range batch {
		if err != nil {
			w.err = parlatory.Fail(parlatory.KindUnavailable, "The message could not be saved. Sending again is safe.").Because(err)
		}
		w.done(w.posted, w.err)
	}
}

// working is the state of a room while a batch is written.
type working struct {
	state
	remembered bool // from memory: it may accept, and a collision shows if it was wrong; it may not refuse
	grown      bool
}

// refuse answers a post that its rule refuses. A refusal out of memory is judged again by the row: nothing would collide, and
// a stale state would refuse for ever.
func (w *waiting) refuse(tx *db.Tx, st *working, refusal error) error {
	if st.remembered {
		if err := lock(tx, w.draft.room); err != nil {
			return err
		}
		now, err := readState(tx, w.draft.room)
		if err != nil {
			return err
		}
		if refusal = mayPost(w.actor, w.level, now); refusal == nil {
			return errStale
		}
	}
	w.err = refusal
	return nil
}

// appendAll gives each waiting post its number. A post that its rule refuses fails alone.
func (r *Room) appendAll(tx *db.Tx, batch []*waiting, states map[parlatory.RoomID]*working, careful bool) error {
	args := make([]any, 0, len(batch)*insertColumns)
	messages := make([]Message, 0, len(batch))
	first := map[repeatKey]*waiting{}
	for _, w := range batch {
		w.posted, w.err = Posted{}, nil
		st, err := r.stateIn(tx, states, w.draft.room, careful)
		if err != nil {
			if parlatory.KindOf(err) == parlatory.KindInternal {
				return err
			}
			w.err = err
			continue
		}
		if mine, err := r.mayAppend(tx, w, st, first, careful); err != nil {
			return err
		} else if !mine {
			continue
		}
		var m Message
		if args, m, err = w.draft.row(&st.state, tx.Now(), args); err != nil {
			return err
		}
		st.grown = true
		w.posted = Posted{Seq: m.Seq, At: m.At}
		messages = append(messages, m)
	}
	return r.insert(tx, args, messages)
}

// mayAppend judges one waiting post, and claims its files. False: it has its answer.
func (r *Room) mayAppend(tx *db.Tx, w *waiting, st *working, first map[repeatKey]*waiting, careful bool) (bool, error) {
	if careful || len(w.draft.files) > 0 { // a repeat would find its files claimed: by itself
		if done, err := w.repeated(tx, first); err != nil || done {
			return false, err
		}
	}
	if err := r.steady(tx, w.actor); parlatory.KindOf(err) == parlatory.KindUnauthenticated {
		w.err = err
		return false, nil
	} else if err != nil {
		return false, err
	}
	if refusal := mayPost(w.actor, w.level, st.state); refusal != nil && w.draft.at.IsZero() { // what was kept was judged when it came
		return false, w.refuse(tx, st, refusal)
	}
	refused, err := w.claim(tx, st.head)
	return !refused, err
}

func (r *Room) stateIn(tx *db.Tx, states map[parlatory.RoomID]*working, room parlatory.RoomID, fresh bool) (*working, error) {
	if st, ok := states[room]; ok {
		return st, nil
	}
	if !fresh && !r.contended.has(roomKey{tx.Workspace(), room}, tx.Now()) {
		if st, ok := r.states.get(roomKey{tx.Workspace(), room}); ok {
			states[room] = &working{state: st, remembered: true}
			return states[room], nil
		}
	}
	if err := lock(tx, room); err != nil {
		return nil, err
	}
	st, err := readState(tx, room)
	if err != nil {
		return nil, err
	}
	states[room] = &working{state: st}
	return states[room], nil
}

// lock makes posts that had to read the room wait for each other, so that nodes that post into one room at the same time
// do not collide for ever. SQLite has one writer anyway.
func lock(tx *db.Tx, room parlatory.RoomID) error {
	if !tx.Postgres() {
		return nil
	}
	var id parlatory.RoomID
	err := tx.Row(sqlLockRoom, room).Scan(&id)
	if errors.Is(err, db.ErrNone) {
		return parlatory.NotFound()
	}
	return err
}

type repeatKey struct {
	room   parlatory.RoomID
	client parlatory.ClientID
}

// repeated answers a post whose client id is in the room already, or earlier in the batch. An id of another author
// is refused without a word about that message.
func (w *waiting) repeated(tx *db.Tx, first map[repeatKey]*waiting) (bool, error) {
	k := repeatKey{w.draft.room, w.draft.client}
	if f, ok := first[k]; ok {
		if f.actor.Kind == w.actor.Kind && f.draft.author == w.draft.author {
			w.posted, w.err = f.posted, f.err
		} else {
			w.err = parlatory.Conflict("This message id is taken. Use a fresh one.")
		}
		return true, nil
	}
	first[k] = w
	var seq, kind int64
	var at time.Time
	var author parlatory.RowID
	err := tx.Row(sqlByClient, w.draft.room, w.draft.client).Scan(&seq, &at, &kind, &author)
	if errors.Is(err, db.ErrNone) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for repeat: %w", err)
	}
	if parlatory.ActorKind(kind) == w.draft.kind && author.Raw() == w.draft.author {
		w.posted = Posted{Seq: seq, At: at}
	} else {
		w.err = parlatory.Conflict("This message id is taken. Use a fresh one.")
	}
	return true, nil
}
