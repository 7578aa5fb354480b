package security

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
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
	held, err := Key(ctx, r.o.Ring, actor.Workspace)
	if err != nil {
		return Page{}, err
	}
	var p Page
	err = r.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		doc, err := read(tx, held)
		if err != nil {
			return err
		}
		p.Mode = doc.modeOf(list)
		p.Entries, err = page(tx, held, list, after, limit+1)
		return err
	})
	if err != nil {
		return Page{}, err
	}
	if len(p.Entries) > limit {
		p.Entries = p.Entries[:limit]
		p.Next = p.Entries[limit-1].ID
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
	return r.add(ctx, actor, list, entries, "")
}

// add puts lines on a list that were found sound, in one transaction.
func (r *Room) add(ctx context.Context, actor parlatory.Actor, list List, entries []Entry, remark string) error {
	return r.edit(ctx, actor, list, func(tx *db.Tx, held *vault.Held, doc *row) (changed, error) {
		var n int
		if err := tx.Row(sqlCountLines, string(list)).Scan(&n); err != nil {
			return changed{}, fmt.Errorf("count list: %w", err)
		}
		if err := fits(n, len(entries)); err != nil {
			return changed{}, err
		}
		if err := r.put(tx, held, doc, entries); err != nil {
			return changed{}, err
		}
		what := added(list, entries)
		what.remark = remark
		return what, nil
	})
}

func fits(there, more int) error {
	if there+more > linesMost {
		return parlatory.Conflict(fmt.Sprintf("A list may have %d lines; this one has %d.", linesMost, there))
	}
	return nil
}

// put stores lines, for a document that is written after them.
func (r *Room) put(tx *db.Tx, held *vault.Held, doc *row, entries []Entry) error {
	for some := range slices.Chunk(entries, rowsAtOnce) {
		args := make([]any, 0, len(some)*rowColumns)
		for i := range some {
			e := &some[i]
			e.ID, e.CreatedAt = parlatory.NewID[parlatory.RowKind](r.o.Clock), tx.Now()
			l := line{id: e.ID, list: e.List, created: e.CreatedAt, ends: e.EndsAt}
			sealed, err := vault.SealJSON(held, l.binding(), kept{e.Network.String(), e.Role, e.Remark})
			if err != nil {
				return fmt.Errorf("seal line of a list: %w", err)
			}
			args = append(args, l.id, string(l.list), l.created, l.ends, sealed)
			doc.touch(l.id)
		}
		if _, err := tx.Exec(insertLines(len(some)), args...); err != nil {
			return fmt.Errorf("store lines of a list: %w", err)
		}
	}
	return nil
}

// Remove takes a line off its list.
func (r *Room) Remove(ctx context.Context, actor parlatory.Actor, list List, id parlatory.RowID) error {
	return r.edit(ctx, actor, list, func(tx *db.Tx, held *vault.Held, doc *row) (changed, error) {
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
		doc.touch(id)
		if l.list == AllowList && doc.VisitorMode == Allow {
			if err := somebodyAllowed(tx); err != nil {
				return changed{}, err
			}
		}
		return changed{element: elementOf(l.list), action: ledger.Deleted, id: id.Raw(), old: e.values()}, nil
	}, id)
}

// edit changes a list. Of the staff's, the author is judged by what the list would be: whoever would be shut out by it is refused
// (AC-085). Its lines are looked at before the transaction, since there may be many; the revision says that they are the same in it.
func (r *Room) edit(ctx context.Context, actor parlatory.Actor, list List, fn func(*db.Tx, *vault.Held, *row) (changed, error), without ...parlatory.RowID) error {
	if _, err := r.o.Law.Permit(ctx, actor, actOf(list)); err != nil {
		return err
	}
	if list != StaffList {
		return r.change(ctx, actor, actOf(list), anyRevision, fn)
	}
	r.forget(actor.Workspace)
	now, err := r.rules(ctx, actor.Workspace)
	if err != nil {
		return err
	}
	reached := now.reaches(addressOf(actor.Address), actor.Role, without)
	return r.change(ctx, actor, actOf(list), now.revision, func(tx *db.Tx, held *vault.Held, doc *row) (changed, error) {
		what, err := fn(tx, held, doc)
		if err == nil && doc.StaffMode == On && !reached && now.StaffMode != On {
			err = parlatory.Conflict("Your own address, " + addressOf(actor.Address).String() + ", is not on the list for your role: you would shut yourself out. Add it first.")
		}
		if err == nil && doc.StaffMode == On && !reached && len(without) > 0 {
			err = parlatory.Conflict("Without this line your own address, " + addressOf(actor.Address).String() + ", would not be on the list: you would shut yourself out.")
		}
		return what, err
	})
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
	held, err := Key(ctx, r.o.Ring, ws)
	if err != nil {
		return err
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
	return map[string]string{"list": string(list), "lines": strconv.Itoa(len(entries)), "sha256": digest}
}

// added is the entry of the ledger for new lines: one with its values; several by number, digest and networks. More than an import puts
// into one transaction are cut, since an entry has a largest size; the digest binds all.
func added(list List, entries []Entry) changed {
	if len(entries) == 1 {
		return changed{element: elementOf(list), action: ledger.Created, id: entries[0].ID.Raw(), new: entries[0].values()}
	}
	networks := make([]string, 0, importLines)
	for _, e := range entries[:min(len(entries), importLines)] {
		networks = append(networks, e.Network.String())
	}
	c := changed{element: elementOf(list), action: ledger.Created, new: linesOf(list, entries)}
	c.new["networks"] = strings.Join(networks, ", ")
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
	if err := fits(lines, 1); err != nil {
		return Entry{}, err
	}
	addr = addressOf(addr)
	n := policy.Network{First: addr, Last: addr}
	if addr.Is6() {
		if n, err = policy.ParseNetwork(netip.PrefixFrom(addr, 64).Masked().String()); err != nil {
			return Entry{}, err
		}
	}
	one := []Entry{{List: BlockList, Network: n, Remark: remark, EndsAt: ends}}
	if err := r.put(tx, held, &doc, one); err != nil {
		return Entry{}, err
	}
	e := one[0]
	if err := doc.write(tx, held); err != nil {
		return Entry{}, err
	}
	ws := tx.Workspace()
	tx.After(func() { r.forget(ws) }) // here at once; elsewhere when it is told
	return e, pen.Witness(tx, ledger.Entry{Action: ledger.Created, Element: elementOf(BlockList), ID: e.ID.Raw(), New: e.values()})
}
