package signin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/keys"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/staff"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/credential"
	"parlatory/internal/guard/policy"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// SignupLife is how long a sign-up's link works.
const SignupLife = 24 * time.Hour

// Signup is what somebody asks for at the bare domain.
type Signup struct {
	Company, Subdomain, Email       string
	SecurityVersion, PrivacyVersion string
}

// pendingSignup is what a sign-up's row holds sealed.
type pendingSignup struct {
	Company   string    `json:"company"`
	Subdomain string    `json:"subdomain"`
	Email     string    `json:"email"`
	Security  string    `json:"security_version"`
	Privacy   string    `json:"privacy_version"`
	AgreedAt  time.Time `json:"agreed_at"`
	From      place     `json:"from"`
}

func (q Signup) judge() (pendingSignup, error) {
	var p pendingSignup
	var err error
	if p.Company, err = workspace.Company(q.Company); err != nil {
		return p, err
	}
	if p.Subdomain, err = policy.Subdomain(q.Subdomain); err != nil {
		return p, err
	}
	if p.Email, err = policy.Email(q.Email); err != nil {
		return p, parlatory.Invalid("email", "is not an e-mail address").Because(err)
	}
	p.Security, p.Privacy = q.SecurityVersion, q.PrivacyVersion
	return p, workspace.Agreed(q.SecurityVersion, q.PrivacyVersion)
}

// RequestSignup mails a link. Whether the address has an account is not even looked at here, so that the answer can't
// tell; over the address's budget the answer is the same, and no mail goes out (AC-019).
func (s *Room) RequestSignup(ctx context.Context, actor parlatory.Actor, q Signup) error {
	permit, err := s.o.Law.Permit(ctx, actor, ActSignup)
	if err != nil {
		return err
	}
	p, err := q.judge()
	if err != nil {
		return err
	}
	ix, err := s.houseIndex(ctx)
	if err != nil {
		return err
	}
	held, err := s.settings(ctx, parlatory.House)
	if err != nil {
		return err
	}
	token, hash, err := credential.NewToken()
	if err != nil {
		return err
	}
	mail, err := s.signupLetter(p, token).Mail()
	if err != nil {
		return err
	}
	var refused error
	err = s.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if refused, err = s.spendSource(tx, ix, actor); err != nil || refused != nil {
			return err
		}
		free, err := s.o.Workspace.Free(tx, p.Subdomain)
		if err != nil {
			return err
		}
		if !free {
			return workspace.Taken()
		}
		spent, err := s.mailSignup.Spend(tx.House(), s.mailSignup.Key(ix, p.Email))
		if err != nil || spent.Over {
			return err
		}
		row := link{id: parlatory.NewID[parlatory.RowKind](s.o.Clock), token: hash, created: tx.Now(), expires: tx.Now().Add(SignupLife)}
		p.AgreedAt, p.From = tx.Now(), placeOf(actor)
		sealed, err := vault.SealJSON(held, row.binding(), p)
		if err != nil {
			return fmt.Errorf("seal sign-up: %w", err)
		}
		if _, err := tx.Exec(sqlPutSignup, row.id, row.token, row.created, row.expires, sealed); err != nil {
			return fmt.Errorf("store sign-up: %w", err)
		}
		return s.o.Workspace.Outbox().Put(tx, held, mail)
	})
	if err == nil {
		err = refused
	}
	return err
}

// spendSource raises the counter of links by mail that one client address asks for. The refusal depends on nothing but
// that address, so it may be told; it is given after the commit, since what is rolled back is not spent.
func (s *Room) spendSource(tx *db.Tx, ix *vault.Indexer, actor parlatory.Actor) (refused, err error) {
	spent, err := s.mailSource.Spend(tx.House(), s.mailSource.Key(ix, workspace.SourceOf(actor.Address)))
	if err == nil && spent.Over {
		refused = spent.Refusal(tx.Now())
	}
	return refused, err
}

// link is a sign-up's row.
type link struct {
	id               parlatory.RowID
	token            credential.TokenHash
	created, expires time.Time
	used             int64
	sealed           vault.Sealed
}

func (l link) binding() vault.Binding {
	return vault.Binding{Table: "signups", Row: l.id.Raw(), Revision: 1, Clear: []any{l.token[:], l.created, l.expires}}
}

func errSignupGone() error {
	return parlatory.Fail(parlatory.KindExpired, "This link was used already or is older than 24 hours. Please sign up again.")
}

// Opened is what the holder of a sign-up's link sees.
type Opened struct {
	Company, Subdomain, Email string
	Known                     bool
}

func (s *Room) pending(ctx context.Context, tx func(func(*db.Tx) error) error, token parlatory.Secret) (link, pendingSignup, bool, error) {
	var p pendingSignup
	hash, err := credential.HashToken(token.Reveal())
	if err != nil {
		return link{}, p, false, errSignupGone()
	}
	l := link{token: hash}
	err = tx(func(tx *db.Tx) error {
		err := tx.Row(sqlSignup, hash).Scan(&l.id, &l.created, &l.expires, &l.used, &l.sealed)
		if errors.Is(err, db.ErrNone) || err == nil && (l.used != 0 || !tx.Now().Before(l.expires)) {
			return errSignupGone()
		}
		return err
	})
	if err != nil {
		return l, p, false, err
	}
	held, err := s.settings(ctx, parlatory.House)
	if err != nil {
		return l, p, false, err
	}
	if err := vault.OpenJSON(held, l.binding(), l.sealed, &p); err != nil {
		return l, p, false, fmt.Errorf("open sign-up: %w", err)
	}
	index, err := s.o.Account.Index(ctx, p.Email)
	if err != nil {
		return l, p, false, err
	}
	known := false
	err = tx(func(tx *db.Tx) error {
		_, known, err = account.ByEmail(tx, index)
		return err
	})
	return l, p, known, err
}

// OpenSignup shows a sign-up to whoever holds its link.
func (s *Room) OpenSignup(ctx context.Context, actor parlatory.Actor, token parlatory.Secret) (Opened, error) {
	permit, err := s.o.Law.Permit(ctx, actor, ActSignupOpen)
	if err != nil {
		return Opened{}, err
	}
	read := func(fn func(*db.Tx) error) error { return s.o.DB.Read(ctx, permit, fn) }
	_, p, known, err := s.pending(ctx, read, token)
	if err != nil {
		return Opened{}, err
	}
	return Opened{p.Company, p.Subdomain, p.Email, known}, nil
}

// Founded is a finished sign-up.
type Founded struct {
	Workspace parlatory.WorkspaceID
	URL       string
}

// CompleteSignup makes the workspace, and the account where the address has none. Whoever reads the mailbox sets the
// password; an address that has an account proves it by its own password (AC-038). There is no session after it.
func (s *Room) CompleteSignup(ctx context.Context, actor parlatory.Actor, token parlatory.Secret, name string, password parlatory.Secret) (Founded, error) {
	permit, err := s.o.Law.Permit(ctx, actor, ActSignupComplete)
	if err != nil {
		return Founded{}, err
	}
	if name, err = account.Name(name); err != nil {
		return Founded{}, err
	}
	read := func(fn func(*db.Tx) error) error { return s.o.DB.Read(ctx, permit, fn) }
	l, p, known, err := s.pending(ctx, read, token)
	if err != nil {
		return Founded{}, err
	}
	f := founder{name: name, link: l, pending: p}
	if known {
		err = f.prove(ctx, s, actor, password)
	} else {
		err = f.draft(ctx, s, actor, password)
	}
	if err != nil {
		return Founded{}, err
	}
	// The new workspace has no door yet: this one act begins in the house and names the workspace that it makes.
	actor.Workspace = parlatory.NewID[parlatory.WorkspaceKind](s.o.Clock)
	return s.found(ctx, actor, f)
}

// founder is the first administrator to be.
type founder struct {
	name    string
	link    link
	pending pendingSignup
	verdict *account.Verdict // of an address with an account
	fresh   *account.Draft   // of one without
}

func (f *founder) prove(ctx context.Context, s *Room, actor parlatory.Actor, password parlatory.Secret) error {
	v, err := s.o.Account.Verifier().Ask(ctx, account.Question{Door: parlatory.House, From: actor.Address, Email: f.pending.Email, Password: password})
	if err != nil {
		return err
	}
	if v.Why != account.Right {
		s.o.Ledger.Refused(ctx, actor, ActSignupComplete)
		return parlatory.Invalid("password", "is not the password of your account; after several wrong tries, wait 15 minutes")
	}
	f.verdict = &v
	return nil
}

func (f *founder) draft(ctx context.Context, s *Room, actor parlatory.Actor, password parlatory.Secret) error {
	rules, err := s.o.Account.Rules(ctx, parlatory.AccountID{}, parlatory.House)
	if err != nil {
		return err
	}
	chooser := account.Choosing{Door: parlatory.House, From: actor.Address, By: f.link.id.String()}
	phc, err := s.o.Account.NewPassword(ctx, chooser, rules, password, f.name, f.pending.Email, f.pending.Company, f.pending.Subdomain)
	if err != nil {
		return err
	}
	f.fresh, err = s.o.Account.Draft(ctx, f.pending.Email, f.name, phc)
	return err
}

// account stores the founder's account, or settles its proof, and gives id and key.
func (f *founder) account(tx *db.Tx) (parlatory.AccountID, *vault.Held, error) {
	if f.verdict != nil {
		e := entrance{account: f.verdict.Account}
		if _, err := lock(tx, e.account.Row, Refusal()); err != nil {
			return e.account.ID, nil, err
		}
		return e.account.ID, f.verdict.Held, f.verdict.Settle(tx)
	}
	err := f.fresh.Store(tx)
	if errors.Is(err, account.ErrKnown) {
		err = parlatory.Conflict("This address has got an account in the meantime. Please open the link again.")
	}
	return f.fresh.ID(), f.fresh.Held, err
}

func (s *Room) found(ctx context.Context, actor parlatory.Actor, f founder) (Founded, error) {
	permit, err := s.o.Law.Permit(ctx, actor, ActSignupComplete)
	if err != nil {
		return Founded{}, err
	}
	admin := parlatory.NewID[parlatory.StaffKind](s.o.Clock)
	founding, err := s.o.Ring.Found(ctx, actor.Workspace, vault.StaffKey(admin))
	if err != nil {
		return Founded{}, fmt.Errorf("found workspace: %w", err)
	}
	house, err := s.o.Ledger.Pen(ctx, parlatory.House)
	if err != nil {
		return Founded{}, err
	}
	settings, err := s.settings(ctx, parlatory.House)
	if err != nil {
		return Founded{}, err
	}
	mail, err := s.welcome(f).Mail()
	if err != nil {
		return Founded{}, err
	}
	pens := account.Pens{House: house, Workspace: s.o.Ledger.PenOf(founding)}
	err = s.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if n, err := tx.House().Exec(sqlUseSignup, f.link.id, tx.Now()); err != nil || n != 1 {
			return errors.Join(err, errSignupGone())
		}
		if err := s.o.Workspace.Found(tx, founding, f.pending.Subdomain, f.pending.Company); err != nil {
			return err
		}
		if err := errors.Join(keys.Put(tx, founding.Wrapped()...), s.o.Ledger.Found(tx, founding)); err != nil {
			return err
		}
		acc, key, err := f.account(tx)
		if err != nil {
			return err
		}
		if err := staff.Found(tx, founding, admin, acc, role.Administrator, staff.Profile{Name: f.name, Email: f.pending.Email}); err != nil {
			return err
		}
		if err := s.agree(tx, key, acc, actor); err != nil {
			return err
		}
		if err := s.o.Workspace.Outbox().Put(tx.House(), settings, mail); err != nil {
			return err
		}
		return f.witness(tx, pens, acc, admin)
	})
	if err != nil {
		return Founded{}, err
	}
	s.o.Ring.Adopt(founding.Wrapped()...)
	return Founded{actor.Workspace, s.url(f.pending.Subdomain)}, nil
}

func (f *founder) witness(tx *db.Tx, p account.Pens, acc parlatory.AccountID, admin parlatory.StaffID) error {
	agreed := "security policy " + f.pending.Security + ", privacy policy " + f.pending.Privacy + ", at " + f.pending.AgreedAt.Format(time.RFC3339)
	err := p.Workspace.Witness(tx, ledger.Entry{Action: ledger.Created, Element: "Workspace", ID: tx.Workspace().Raw(),
		New: map[string]string{"company": f.pending.Company, "subdomain": f.pending.Subdomain}})
	if err != nil {
		return err
	}
	return p.Witness(tx, ledger.Created, acc, admin, map[string]string{"by": "sign-up", "role": role.Administrator, "agreed": agreed})
}
