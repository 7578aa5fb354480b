package signin

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/security"
	"parlatory/internal/domain/staff"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// Options are what the room needs.
type Options struct {
	DB        *db.DB
	Law       *access.Law
	Ring      *vault.Ring
	Ledger    *ledger.Ledger
	Workspace *workspace.Room
	Security  *security.Room
	Account   *account.Room
	Staff     *staff.Room
	Sessions  *Sessions
	Clock     parlatory.Clock
	Log       *slog.Logger
	Limits    Limits
}

// Limits are budgets; zero values mean the defaults.
type Limits struct {
	MailSource    int // links by mail that one client address asks for, an hour; default 20 (AC-019)
	MailAccount   int // links by mail to one person, an hour, of each kind; default 3
	DoorFailed    int // failed tries that one workspace's ledger takes one by one, a minute; default 300
	PasskeySource int // questions for any passkey that one client address is asked, in five minutes; default 600: each look at the sign-in page is one, and one that somebody signs in by is given back
}

// Room is the way in.
type Room struct {
	o Options

	mailSource, mailSignup, mailReset, mailNotice, doorFailed, passkeySource workspace.Budget
}

// New opens the room.
func New(o Options) *Room {
	def := func(n *int, to int) int {
		if *n == 0 {
			*n = to
		}
		return *n
	}
	return &Room{
		o:          o,
		mailSource: workspace.Budget{Name: "mail.source", Window: time.Hour, Limit: def(&o.Limits.MailSource, 20)},
		// Each kind of link has a counter of its own: who signs up with somebody's address does not stop that person's reset.
		mailSignup: workspace.Budget{Name: "mail.signup", Window: time.Hour, Limit: def(&o.Limits.MailAccount, 3)},
		mailReset:  workspace.Budget{Name: "mail.reset", Window: time.Hour, Limit: def(&o.Limits.MailAccount, 3)},
		// What administrators do to somebody's way in is told each time, but no workspace fills a mailbox with it.
		mailNotice: workspace.Budget{Name: "mail.notice", Window: time.Hour, Limit: def(&o.Limits.MailAccount, 3)},
		doorFailed: workspace.Budget{Name: "door.failed", Window: time.Minute, Limit: def(&o.Limits.DoorFailed, 300)},
		// As long as a question lives: it bounds the rows that one source can have standing.
		passkeySource: workspace.Budget{Name: "passkey.source", Window: 5 * time.Minute, Limit: def(&o.Limits.PasskeySource, 600)},
	}
}

// Run sweeps until ctx ends.
func (s *Room) Run(ctx context.Context) error { return s.o.Sessions.Run(ctx) }

func (s *Room) houseIndex(ctx context.Context) (*vault.Indexer, error) {
	ix, err := s.o.Ring.Index(ctx, parlatory.House)
	if err != nil {
		return nil, fmt.Errorf("hold house index key: %w", err)
	}
	return ix, nil
}

func (s *Room) settings(ctx context.Context, ws parlatory.WorkspaceID) (*vault.Held, error) {
	held, err := s.o.Ring.Hold(ctx, ws, vault.Settings)
	if err != nil {
		return nil, fmt.Errorf("hold settings key: %w", err)
	}
	return held, nil
}
