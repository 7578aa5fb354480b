package staff

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// maxPage is how many members one answer holds.
const maxPage = 200

// Page is one piece of the list; Next is zero at its end.
type Page struct {
	Items []Member
	Next  parlatory.StaffID
}

// List shows the members in the order in which they came. Below the data level Full one sees names, roles and states of
// those who are there, no addresses and no invitations.
func (s *Room) List(ctx context.Context, actor parlatory.Actor, after parlatory.StaffID, limit int) (Page, error) {
	permit, err := s.o.Law.Permit(ctx, actor, ActView)
	if err != nil {
		return Page{}, err
	}
	if limit <= 0 || limit > maxPage {
		limit = maxPage
	}
	rows, until, err := s.rows(ctx, permit, after, limit+1)
	if err != nil {
		return Page{}, err
	}
	var page Page
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = rows[limit-1].ID
	}
	page.Items, err = s.show(ctx, permit, rows, until)
	return page, err
}

// Find shows the members whose name or address has each of the words that were typed, whatever their case and accents, in the order in
// which they came, up to a full page. Names are sealed and never a key of a search, so the members are opened page by page, their keys from
// memory. What the actor may not see is not searched either: who is found would tell it.
func (s *Room) Find(ctx context.Context, actor parlatory.Actor, typed string) ([]Member, error) {
	permit, err := s.o.Law.Permit(ctx, actor, ActView)
	if err != nil {
		return nil, err
	}
	words := strings.Fields(folded(typed))
	var found []Member
	for after := (parlatory.StaffID{}); ; {
		rows, until, err := s.rows(ctx, permit, after, maxPage)
		if err != nil {
			return nil, err
		}
		members, err := s.show(ctx, permit, rows, until)
		if err != nil {
			return nil, err
		}
		for _, m := range members {
			if m.matches(words) {
				found = append(found, m)
			}
			if len(found) == maxPage {
				return found, nil
			}
		}
		if len(rows) < maxPage {
			return found, nil
		}
		after = rows[len(rows)-1].ID
	}
}

func (m Member) matches(words []string) bool {
	all := folded(m.Name + " " + m.Email)
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(all, w) })
}

// folded is text without case and accents.
func folded(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFKD.String(cases.Fold().String(s)))
}

// rows reads a piece of the list, and until when the invitations in it hold.
func (s *Room) rows(ctx context.Context, permit access.Permit, after parlatory.StaffID, limit int) (rows []Row, until map[parlatory.StaffID]time.Time, err error) {
	until = map[parlatory.StaffID]time.Time{}
	err = s.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		if rows, err = list(tx, after, limit); err != nil {
			return err
		}
		return pendings(tx, rows, until)
	})
	return rows, until, err
}

// show opens members as far as the permit's level goes, and leaves out whom it doesn't reach.
func (s *Room) show(ctx context.Context, permit access.Permit, rows []Row, until map[parlatory.StaffID]time.Time) (shown []Member, err error) {
	members, err := s.open(ctx, permit.Workspace(), rows...)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		m.You, m.InvitedUntil = m.ID == permit.Actor().Staff, until[m.ID]
		if permit.Level() < access.Full {
			if m.State == Invited {
				continue
			}
			if !m.You {
				m.Email = ""
			}
		}
		shown = append(shown, m)
	}
	return shown, nil
}

func list(tx *db.Tx, after parlatory.StaffID, limit int) ([]Row, error) {
	from := after[:] // the zero id comes before all, and is a value here, not NULL
	return scanAll(tx, nil, sqlList, from, limit)
}

func scanAll(tx *db.Tx, out []Row, query string, args ...any) ([]Row, error) {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		r, _, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// pendings says until when the newest link of each member who is invited works.
func pendings(tx *db.Tx, rows []Row, until map[parlatory.StaffID]time.Time) error {
	var invited []parlatory.StaffID
	for _, r := range rows {
		if r.State == Invited {
			invited = append(invited, r.ID)
		}
	}
	return db.Many(invited, func(args []any) error {
		rows, err := tx.Query(sqlPendingFor, args...)
		if err != nil {
			return fmt.Errorf("read invitations: %w", err)
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var id parlatory.StaffID
			var at time.Time
			if err := rows.Scan(&id, &at); err != nil {
				return fmt.Errorf("read invitation: %w", err)
			}
			until[id] = at
		}
		return rows.Err()
	})
}

// open opens members, with all their keys at once.
func (s *Room) open(ctx context.Context, ws parlatory.WorkspaceID, rows ...Row) ([]Member, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	subjects := make([]vault.Subject, len(rows))
	for i, r := range rows {
		subjects[i] = vault.StaffKey(r.ID)
	}
	held, err := s.o.Ring.HoldAll(ctx, ws, subjects)
	if err != nil {
		return nil, fmt.Errorf("hold staff keys: %w", err)
	}
	members := make([]Member, len(rows))
	for i, r := range rows {
		if members[i], err = r.Open(held[subjects[i]]); err != nil {
			return nil, err
		}
	}
	return members, nil
}

// Me is the own membership.
func (s *Room) Me(ctx context.Context, actor parlatory.Actor) (Member, error) {
	permit, err := s.o.Law.Permit(ctx, actor, account.ActView)
	if err != nil {
		return Member{}, err
	}
	var r Row
	err = s.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		r, err = s.must(tx, actor.Staff)
		return err
	})
	if err != nil {
		return Member{}, err
	}
	own, err := s.open(ctx, actor.Workspace, r)
	if err != nil {
		return Member{}, err
	}
	own[0].You = true
	return own[0], nil
}

// must finds a member that is not deleted.
func (s *Room) must(tx *db.Tx, id parlatory.StaffID) (Row, error) {
	r, ok, err := ByID(tx, id)
	if err == nil && (!ok || r.State == Deleted) {
		err = parlatory.NotFound()
	}
	return r, err
}

// RenameMe changes the own name: of the account, and as this workspace shows it.
func (s *Room) RenameMe(ctx context.Context, actor parlatory.Actor, name string) (Member, error) {
	permit, err := s.o.Law.Permit(ctx, actor, account.ActEdit)
	if err != nil {
		return Member{}, err
	}
	if name, err = account.Name(name); err != nil {
		return Member{}, err
	}
	own, err := s.o.Account.Hold(ctx, actor.Account)
	if err != nil {
		return Member{}, err
	}
	house, err := s.o.Ledger.Pen(ctx, parlatory.House)
	if err != nil {
		return Member{}, err
	}
	var m Member
	err = s.change(ctx, permit, actor.Staff, func(tx *db.Tx, before Member, held *vault.Held, pen *ledger.Pen) error {
		if err := s.o.Account.Reaches(tx, actor.Account, actor.ProvedBy); err != nil {
			return err
		}
		acc, err := account.Fresh(tx, own, actor.Account)
		if err != nil {
			return err
		}
		if err := s.o.Account.Rename(tx, own, &acc, name, house); err != nil {
			return err
		}
		m = before
		m.Name, m.You = name, true
		if err := m.store(tx, held); err != nil {
			return err
		}
		return pen.Witness(tx, ledger.Entry{Action: ledger.Updated, Element: "Staff", ID: m.ID.Raw(),
			Old: map[string]string{"name": before.Name}, New: map[string]string{"name": name}})
	})
	return m, err
}

type memberKey struct {
	workspace parlatory.WorkspaceID
	id        parlatory.StaffID
}

type named struct {
	name string
	at   time.Time
}

// names remembers display names for conversations; events clear it, and a minute does.
type names struct {
	mu    sync.Mutex
	turn  uint64
	known map[memberKey]named
}

const (
	nameFor = time.Minute
	nameTop = 20000
)

// Told forgets what an event makes stale.
func (s *Room) Told(events []parlatory.Event) {
	for _, e := range events {
		if e.Kind == parlatory.StaffChanged {
			s.names.mu.Lock()
			s.names.turn++
			delete(s.names.known, memberKey{e.Workspace, e.Staff})
			s.names.mu.Unlock()
		}
	}
}

// Names gives the display names of members, for rooms that show who wrote. Who may see them is those rooms' question.
func (s *Room) Names(ctx context.Context, ws parlatory.WorkspaceID, ids []parlatory.StaffID) (map[parlatory.StaffID]string, error) {
	out := make(map[parlatory.StaffID]string, len(ids))
	var missing []parlatory.StaffID
	now := s.o.Clock.Now()
	s.names.mu.Lock()
	turn := s.names.turn
	for _, id := range ids {
		if n, ok := s.names.known[memberKey{ws, id}]; ok && now.Sub(n.at) < nameFor {
			out[id] = n.name
		} else if !id.Zero() {
			missing = append(missing, id)
		}
	}
	s.names.mu.Unlock()
	if len(missing) == 0 {
		return out, nil
	}
	permit, err := s.o.Law.System(actNames, ws)
	if err != nil {
		return nil, err
	}
	var rows []Row
	err = s.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		rows = nil
		return db.Many(missing, func(args []any) (err error) {
			rows, err = scanAll(tx, rows, sqlByIDs, args...)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	members, err := s.open(ctx, ws, rows...)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		out[m.ID] = m.Name
	}
	s.keepNames(ws, turn, now, rows, out)
	return out, nil
}

func (s *Room) keepNames(ws parlatory.WorkspaceID, turn uint64, now time.Time, rows []Row, out map[parlatory.StaffID]string) {
	s.names.mu.Lock()
	defer s.names.mu.Unlock()
	if s.names.turn != turn {
		return
	}
	if len(s.names.known)+len(rows) > nameTop {
		clear(s.names.known)
	}
	for _, r := range rows {
		s.names.known[memberKey{ws, r.ID}] = named{out[r.ID], now}
	}
}
