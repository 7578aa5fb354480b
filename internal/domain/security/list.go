package security

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"parlatory"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/policy"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// List names one of the lists.
type List string

// The lists. Numbers join the visitors' with telephony: a line's sealed part says what it holds.
const (
	StaffList List = "staff"
	BlockList List = "block"
	AllowList List = "allow"
)

// linesMost is how long one list may be.
const linesMost = 100_000

// Entry is a line of a list as its readers see it.
type Entry struct {
	ID        parlatory.RowID
	List      List
	Network   policy.Network
	Role      string // of the staff list: whom it lets in; empty for all
	Remark    string
	CreatedAt time.Time
	EndsAt    time.Time // of the visitors' lists; zero: never
}

// line is a row.
type line struct {
	id            parlatory.RowID
	list          List
	created, ends time.Time
	sealed        vault.Sealed
}

// kept is a line's sealed part.
type kept struct {
	Network string `json:"network"`
	Role    string `json:"role,omitempty"`
	Remark  string `json:"remark,omitempty"`
}

func (l line) binding() vault.Binding {
	return vault.Binding{Table: "network_rules", Row: l.id.Raw(), Revision: 1, Clear: []any{string(l.list), l.created, l.ends}}
}

func (l line) open(held *vault.Held) (Entry, error) {
	var k kept
	if err := vault.OpenJSON(held, l.binding(), l.sealed, &k); err != nil {
		return Entry{}, fmt.Errorf("open line of a list: %w", err)
	}
	n, err := policy.ParseNetwork(k.Network)
	if err != nil {
		return Entry{}, fmt.Errorf("read line of a list: %w", err)
	}
	return Entry{ID: l.id, List: l.list, Network: n, Role: k.Role, Remark: k.Remark, CreatedAt: l.created, EndsAt: l.ends}, nil
}

func scanLine(row interface{ Scan(...any) error }) (line, error) {
	var l line
	err := row.Scan(&l.id, &l.list, &l.created, &l.ends, &l.sealed)
	return l, err
}

func (r *Room) lines(tx *db.Tx, query ...any) (all []line, err error) {
	text, args := sqlLines, query
	if len(query) > 0 {
		text = sqlLinesPage
	}
	rows, err := tx.Query(text, args...)
	if err != nil {
		return nil, fmt.Errorf("read list: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		l, err := scanLine(rows)
		if err != nil {
			return nil, fmt.Errorf("read line of a list: %w", err)
		}
		all = append(all, l)
	}
	return all, rows.Err()
}

// Page is a part of a list, oldest line first.
type Page struct {
	Mode    Mode
	Entries []Entry
	Next    parlatory.RowID // zero: there is no more
}

// List shows a part of a list. limit is at most 500.
func (r *Room) List(ctx context.Context, actor parlatory.Actor, list List, after parlatory.RowID, limit int) (Page, error) {
	permit, err := r.o.Law.Permit(ctx, actor, ActView)
	if err != nil {
		return Page{}, err
	}
	limit = min(max(limit, 1), 500)
	held, err := r.o.Ring.Hold(ctx, actor.Workspace, vault.Settings)
	if err != nil {
		return Page{}, fmt.Errorf("hold settings key: %w", err)
	}
	var doc row
	var lines []line
	err = r.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		if doc, err = read(tx, held); err != nil {
			return err
		}
		lines, err = r.lines(tx, string(list), after[:], limit+1)
		return err
	})
	if err != nil {
		return Page{}, err
	}
	p := Page{Mode: doc.modeOf(list)}
	for i, l := range lines {
		if i == limit {
			p.Next = lines[limit-1].id
			break
		}
		e, err := l.open(held)
		if err != nil {
			return Page{}, err
		}
		p.Entries = append(p.Entries, e)
	}
	return p, nil
}

func (d document) modeOf(list List) Mode {
	if list == StaffList {
		return d.StaffMode
	}
	return d.VisitorMode
}

// sound judges a line that somebody wants to add.
func (r *Room) sound(ctx context.Context, ws parlatory.WorkspaceID, e *Entry) error {
	if !slices.Contains([]List{StaffList, BlockList, AllowList}, e.List) {
		return parlatory.Invalid("list", "must be staff, block or allow")
	}
	if e.Remark != "" {
		remark, err := policy.Name(e.Remark, 1, 200)
		if err != nil {
			return parlatory.Invalid("remark", "may have up to 200 characters, on one line")
		}
		e.Remark = remark
	}
	if e.Role != "" {
		if e.List != StaffList {
			return parlatory.Invalid("role", "belongs to the list of the staff alone")
		}
		if _, err := r.o.Roles.Role(ctx, ws, e.Role); err != nil {
			return parlatory.Invalid("role", "does not exist")
		}
	}
	if !e.EndsAt.IsZero() {
		if e.List == StaffList {
			return parlatory.Invalid("ends_at", "belongs to the lists of visitors alone")
		}
		if !e.EndsAt.After(r.o.Clock.Now()) {
			return parlatory.Invalid("ends_at", "must lie in the future")
		}
	}
	return nil
}

func actOf(list List) access.Act {
	if list == StaffList {
		return ActEditStaffList
	}
	return ActEditVisitorList
}

// Add puts a line on a list.
func (r *Room) Add(ctx context.Context, actor parlatory.Actor, e Entry) (Entry, error) {
	one := []Entry{e}
	err := r.AddAll(ctx, actor, e.List, one)
	return one[0], err
}

// AddAll puts several lines on a list in one act: all or none.
func (r *Room) AddAll(ctx context.Context, actor parlatory.Actor, list List, entries []Entry) error {
	if _, err := r.o.Law.Permit(ctx, actor, actOf(list)); err != nil {
		return err
	}
	if len(entries) == 0 {
		return parlatory.Invalid("network", "is missing")
	}
	for i := range entries {
		entries[i].List = list
		if err := r.sound(ctx, actor.Workspace, &entries[i]); err != nil {
			return err
		}
	}
	return r.edit(ctx, actor, list, func(tx *db.Tx, held *vault.Held, _ *row) (changed, error) {
		var n int
		if err := tx.Row(sqlCountLines, string(list)).Scan(&n); err != nil {
			return changed{}, fmt.Errorf("count list: %w", err)
		}
		if n+len(entries) > linesMost {
			return changed{}, parlatory.Conflict(fmt.Sprintf("A list may have %d lines; this one has %d.", linesMost, n))
		}
		for i := range entries {
			if err := r.put(tx, held, &entries[i]); err != nil {
				return changed{}, err
			}
		}
		return added(list, entries), nil
	})
}

// put stores one line.
func (r *Room) put(tx *db.Tx, held *vault.Held, e *Entry) error {
	e.ID, e.CreatedAt = parlatory.NewID[parlatory.RowKind](r.o.Clock), tx.Now()
	l := line{id: e.ID, list: e.List, created: e.CreatedAt, ends: e.EndsAt}
	sealed, err := vault.SealJSON(held, l.binding(), kept{e.Network.String(), e.Role, e.Remark})
	if err != nil {
		return fmt.Errorf("seal line of a list: %w", err)
	}
	if _, err := tx.Exec(sqlInsertLine, l.id, string(l.list), l.created, l.ends, sealed); err != nil {
		return fmt.Errorf("store line of a list: %w", err)
	}
	return nil
}

// Remove takes a line off its list.
func (r *Room) Remove(ctx context.Context, actor parlatory.Actor, list List, id parlatory.RowID) error {
	return r.edit(ctx, actor, list, func(tx *db.Tx, held *vault.Held, _ *row) (changed, error) {
		l, err := scanLine(tx.Row(sqlLine, id))
		if errors.Is(err, db.ErrNone) || err == nil && (l.list == StaffList) != (list == StaffList) {
			return changed{}, parlatory.NotFound()
		}
		if err != nil {
			return changed{}, fmt.Errorf("read line of a list: %w", err)
		}
		e, err := l.open(held)
		if err != nil {
			return changed{}, err
		}
		if _, err := tx.Exec(sqlDeleteLine, id); err != nil {
			return changed{}, fmt.Errorf("remove line of a list: %w", err)
		}
		return changed{element: elementOf(l.list), action: ledger.Deleted, id: id.Raw(), old: e.values()}, nil
	}, id)
}

// SetStaffMode switches the staff list.
func (r *Room) SetStaffMode(ctx context.Context, actor parlatory.Actor, m Mode) error {
	if m != Off && m != Watch && m != On {
		return parlatory.Invalid("mode", "must be off, watch or on")
	}
	return r.edit(ctx, actor, StaffList, func(_ *db.Tx, _ *vault.Held, doc *row) (changed, error) {
		old := doc.StaffMode
		doc.StaffMode = m
		return changed{element: elementOf(StaffList), action: ledger.Updated, id: actor.Workspace.Raw(),
			old: map[string]string{"mode": string(old)}, new: map[string]string{"mode": string(m)}}, nil
	})
}

// SetVisitorMode switches the lists of visitors: one is in force, or none.
func (r *Room) SetVisitorMode(ctx context.Context, actor parlatory.Actor, m Mode) error {
	if m != Off && m != Block && m != Allow {
		return parlatory.Invalid("mode", "must be off, block or allow")
	}
	return r.edit(ctx, actor, BlockList, func(_ *db.Tx, _ *vault.Held, doc *row) (changed, error) {
		old := doc.VisitorMode
		doc.VisitorMode = m
		return changed{element: elementOf(BlockList), action: ledger.Updated, id: actor.Workspace.Raw(),
			old: map[string]string{"mode": string(old)}, new: map[string]string{"mode": string(m)}}, nil
	})
}

// edit changes a list. The author is judged by what the list would be: whoever would be shut out by it is refused (AC-085). The lines are
// read before the transaction, since a long list takes a while; its revision says that they are the same in it.
func (r *Room) edit(ctx context.Context, actor parlatory.Actor, list List, fn func(*db.Tx, *vault.Held, *row) (changed, error), without ...parlatory.RowID) error {
	if _, err := r.o.Law.Permit(ctx, actor, actOf(list)); err != nil {
		return err
	}
	r.forget(actor.Workspace)
	now, err := r.rules(ctx, actor.Workspace)
	if err != nil {
		return err
	}
	reached, err := r.reached(ctx, actor, list, now, without)
	if err != nil {
		return err
	}
	return r.change(ctx, actor, actOf(list), now.revision, func(tx *db.Tx, held *vault.Held, doc *row) (changed, error) {
		what, err := fn(tx, held, doc)
		if err == nil && list == StaffList && doc.StaffMode == On && !reached && now.StaffMode != On {
			err = parlatory.Conflict("Your own address, " + addressOf(actor.Address).String() + ", is not on the list for your role: you would shut yourself out. Add it first.")
		}
		if err == nil && list == StaffList && doc.StaffMode == On && !reached && len(without) > 0 {
			err = parlatory.Conflict("Without this line your own address, " + addressOf(actor.Address).String() + ", would not be on the list: you would shut yourself out.")
		}
		return what, err
	})
}

// reached says whether the author's address is on the staff list, without the lines that are about to go.
func (r *Room) reached(ctx context.Context, actor parlatory.Actor, list List, now *compiled, without []parlatory.RowID) (bool, error) {
	if list != StaffList {
		return true, nil
	}
	at := addressOf(actor.Address)
	if len(without) == 0 || !now.lists(at, actor.Role) {
		return now.lists(at, actor.Role), nil
	}
	lines, held, err := r.allLines(ctx, actor.Workspace)
	if err != nil {
		return false, err
	}
	for _, l := range lines {
		if l.list != StaffList || slices.Contains(without, l.id) {
			continue
		}
		e, err := l.open(held)
		if err != nil {
			return false, err
		}
		if (e.Role == "" || e.Role == actor.Role) && e.Network.Contains(at) {
			return true, nil
		}
	}
	return false, nil
}

// allLines reads the lines of all lists of a workspace, and the key that opens them.
func (r *Room) allLines(ctx context.Context, ws parlatory.WorkspaceID) (lines []line, held *vault.Held, err error) {
	permit, err := r.o.Law.System(actLoad, ws)
	if err != nil {
		return nil, nil, err
	}
	if held, err = r.o.Ring.Hold(ctx, ws, vault.Settings); err != nil {
		return nil, nil, fmt.Errorf("hold settings key: %w", err)
	}
	err = r.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		lines, err = r.lines(tx)
		return err
	})
	return lines, held, err
}

// Open is the operator's way in where a list shuts everybody out: it switches the staff list of a workspace off, on all nodes that
// serve from this database. The workspace's administrators are told by mail, in the same commit: a door that stands open is theirs to close.
func (r *Room) Open(ctx context.Context, operator parlatory.Actor, ws parlatory.WorkspaceID, reason string) error {
	operator.Workspace = ws
	permit, err := r.o.Law.Permit(ctx, operator, ActOpen)
	if err != nil {
		return err
	}
	if reason != "" {
		if reason, err = policy.Name(reason, 1, 500); err != nil {
			return parlatory.Invalid("reason", "must have at most 500 characters, on one line")
		}
	}
	held, err := r.o.Ring.Hold(ctx, ws, vault.Settings)
	if err != nil {
		return fmt.Errorf("hold settings key: %w", err)
	}
	pen, err := r.o.Ledger.Pen(ctx, ws)
	if err != nil {
		return err
	}
	tell, err := r.people.Opened(ctx, ws, operator, reason)
	if err != nil {
		return err
	}
	return r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		doc, err := read(tx, held)
		if err != nil {
			return err
		}
		old := doc.StaffMode
		if old == Off {
			return parlatory.Conflict("The staff list of this workspace is off already.")
		}
		doc.StaffMode = Off
		if err := doc.write(tx, held); err != nil {
			return err
		}
		if err := Raise(tx); err != nil {
			return err
		}
		if err := tell(tx); err != nil {
			return err
		}
		return pen.Witness(tx, ledger.Entry{Action: ledger.Disabled, Element: elementOf(StaffList), ID: ws.Raw(),
			Old: map[string]string{"mode": string(old)}, New: map[string]string{"mode": string(Off)}, Remark: reason})
	})
}

func elementOf(list List) string {
	if list == StaffList {
		return "Staff IP list"
	}
	return "Visitor list"
}

func (e Entry) values() map[string]string {
	v := map[string]string{"list": string(e.List), "network": e.Network.String()}
	if e.Role != "" {
		v["role"] = e.Role
	}
	if e.Remark != "" {
		v["remark"] = e.Remark
	}
	if !e.EndsAt.IsZero() {
		v["ends_at"] = e.EndsAt.UTC().Format(time.RFC3339)
	}
	return v
}

// linesOf says of many lines how many there are, and binds every one of them.
func linesOf(list List, entries []Entry) map[string]string {
	digest := ledger.Digest(func(yield func(map[string]string) bool) {
		for _, e := range entries {
			if !yield(e.values()) {
				return
			}
		}
	})
	return map[string]string{"list": string(list), "lines": fmt.Sprint(len(entries)), "sha256": digest}
}

// added is the entry of the ledger for new lines: one with its values; many by number, digest and the first ones.
func added(list List, entries []Entry) changed {
	if len(entries) == 1 {
		return changed{element: elementOf(list), action: ledger.Created, id: entries[0].ID.Raw(), new: entries[0].values()}
	}
	c := changed{element: elementOf(list), action: ledger.Created, new: linesOf(list, entries)}
	for i, e := range entries[:min(len(entries), 200)] {
		c.new[fmt.Sprintf("network %d", i+1)] = e.Network.String()
	}
	return c
}

// BlockAddress puts a visitor's address on the blocklist in the transaction of the act that asks for it (chat's "Block this visitor").
// An IPv6 address stands for its /64, since its subscriber has that much.
func (r *Room) BlockAddress(tx *db.Tx, held *vault.Held, pen *ledger.Pen, addr netip.Addr, remark string, ends time.Time) (Entry, error) {
	doc, err := read(tx, held)
	if err != nil {
		return Entry{}, err
	}
	if doc.VisitorMode != Block {
		return Entry{}, parlatory.Conflict("The blocklist of visitors is not in force. An administrator can switch it on under Administration, Security.")
	}
	var lines int
	if err := tx.Row(sqlCountLines, string(BlockList)).Scan(&lines); err != nil {
		return Entry{}, fmt.Errorf("count list: %w", err)
	}
	if lines >= linesMost {
		return Entry{}, parlatory.Conflict(fmt.Sprintf("A list may have %d lines; this one is full.", linesMost))
	}
	addr = addressOf(addr)
	n := policy.Network{First: addr, Last: addr}
	if addr.Is6() {
		if n, err = policy.ParseNetwork(netip.PrefixFrom(addr, 64).Masked().String()); err != nil {
			return Entry{}, err
		}
	}
	e := Entry{List: BlockList, Network: n, Remark: remark, EndsAt: ends}
	if err := r.put(tx, held, &e); err != nil {
		return Entry{}, err
	}
	if err := doc.write(tx, held); err != nil {
		return Entry{}, err
	}
	return e, pen.Witness(tx, ledger.Entry{Action: ledger.Created, Element: elementOf(BlockList), ID: e.ID.Raw(), New: e.values()})
}
