package signin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/security"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/credential"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// The steps that a sign-in may owe after its first proof, in this order.
const (
	StepFactor    = "factor"    // a second factor that counts at this door
	StepEnrol     = "enrol"     // to set one up, where the workspace requires it
	StepPassword  = "password"  // a new password: the old one is too old or too short for this door
	StepAgreement = "agreement" // to the policies in force
)

// standing is what the steps are judged by, read in the transaction that needs it.
type standing struct {
	agreed   bool
	factors  account.FactorState
	settings security.Settings
	password string           // why a new one is owed: expired, short, or empty
	trusted  parlatory.Factor // what was proved on this device while it was trusted
}

// progress is what was proved in this sign-in so far. It is sealed with the half session.
type progress struct {
	place
	Factor parlatory.Factor   `json:"factor,omitempty"`
	Wide   bool               `json:"wide,omitempty"`   // what was proved counts at every door
	Trust  bool               `json:"trust,omitempty"`  // the person asked that this device be trusted
	Device parlatory.DeviceID `json:"device,omitzero"`  // known from earlier sign-ins
	Proven bool               `json:"proven,omitempty"` // a factor that counts everywhere was proved on it
	Length int                `json:"length,omitempty"` // of the password that was right; 0: it was a passkey alone
}

// factor is what counts beside the password: what was given now, else what this device is trusted by.
func (p progress) factor(s standing) parlatory.Factor {
	if p.Factor != parlatory.NoFactor {
		return p.Factor
	}
	return s.trusted
}

// proof is by what the person proved so far.
func (p progress) proof() parlatory.Proof {
	if p.Factor == parlatory.NoFactor {
		return parlatory.ByPassword
	}
	return parlatory.FactorProof(p.Wide)
}

// step is one thing that a sign-in may owe.
type step struct {
	name string
	owed func(standing, progress) bool
}

var steps = []step{
	{StepFactor, func(s standing, p progress) bool { return s.factors.Any() && p.factor(s) == parlatory.NoFactor }},
	{StepEnrol, func(s standing, p progress) bool { return !s.settings.Factor.Counts(p.factor(s)) }},
	{StepPassword, func(s standing, p progress) bool { return p.Length > 0 && s.password != "" }},
	{StepAgreement, func(s standing, _ progress) bool { return !s.agreed }},
}

// next is the first step that is owed; empty when none is.
func next(s standing, p progress) string {
	for _, st := range steps {
		if st.owed(s, p) {
			return st.name
		}
	}
	return ""
}

// standingOf reads what the steps are judged by: the same statements for everybody, and for nobody.
func (s *Room) standingOf(tx *db.Tx, row account.Row, length int, settings security.Settings) (standing, error) {
	st := standing{settings: settings}
	var n int
	if err := tx.House().Row(sqlAgreed, row.ID, workspace.Version, workspace.Version).Scan(&n); err != nil {
		return st, fmt.Errorf("read agreements: %w", err)
	}
	st.agreed = n > 0
	st.password = account.PasswordOwed(row, settings.Password, length, tx.Now())
	var err error
	st.factors, err = s.o.Account.FactorsAt(tx, row.ID)
	return st, err
}

// attempt is a half session.
type attempt struct {
	id               parlatory.SessionID
	token            credential.TokenHash
	account          parlatory.AccountID
	door             parlatory.WorkspaceID
	staff            parlatory.StaffID
	invitation       parlatory.RowID
	created, expires time.Time
	revision         uint32
	sealed           vault.Sealed
	progress         progress // of an opened one
}

func (a attempt) binding() vault.Binding {
	return vault.Binding{Table: "attempts", Row: a.id.Raw(), Revision: a.revision,
		Clear: []any{a.token[:], a.account, a.door, a.staff, a.invitation, a.created, a.expires}}
}

// unseal proves the row and reads what was proved so far.
func (a *attempt) unseal(held *vault.Held) error {
	if err := vault.OpenJSON(held, a.binding(), a.sealed, &a.progress); err != nil {
		return fmt.Errorf("open half session: %w", err)
	}
	return nil
}

func scanAttempt(row *db.Row) (attempt, error) {
	var a attempt
	err := row.Scan(&a.id, &a.token, &a.account, &a.door, &a.staff, &a.invitation, &a.created, &a.expires, &a.revision, &a.sealed)
	if errors.Is(err, db.ErrNone) {
		return a, errSignIn()
	}
	if err != nil {
		return a, fmt.Errorf("read half session: %w", err)
	}
	return a, nil
}

// Attempt resolves a half session's token at a door to its actor, whom the law lets pay what is owed and nothing else
// (AC-026).
func (s *Sessions) Attempt(ctx context.Context, door parlatory.WorkspaceID, token string, from parlatory.Actor) (parlatory.Actor, error) {
	hash, err := credential.HashToken(token)
	if err != nil {
		return parlatory.Actor{}, errSignIn()
	}
	permit, err := s.o.Law.System(actResume, parlatory.House)
	if err != nil {
		return parlatory.Actor{}, err
	}
	var row attempt
	err = s.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		row, err = scanAttempt(tx.Row(sqlAttemptByToken, hash, door))
		return err
	})
	if err != nil {
		return parlatory.Actor{}, err
	}
	if !s.o.Clock.Now().Before(row.expires) {
		return parlatory.Actor{}, errSignIn()
	}
	if err := s.prove(ctx, row.account, row.binding(), row.sealed, &row.progress); err != nil {
		return parlatory.Actor{}, err
	}
	actor := from
	actor.Kind, actor.Workspace, actor.Session = parlatory.Half, door, row.id
	actor.Account, actor.Staff, actor.ProvedBy = row.account, row.staff, row.progress.proof()
	if row.progress.Proven {
		actor.Known = row.progress.Device
	}
	return actor, nil
}

// open stores a new half session and gives its token.
func (s *Sessions) open(tx *db.Tx, held *vault.Held, row attempt, from parlatory.Actor) (parlatory.Secret, error) {
	token, hash, err := credential.NewToken()
	if err != nil {
		return token, err
	}
	row.id, row.token, row.revision = parlatory.NewID[parlatory.SessionKind](s.o.Clock), hash, 1
	row.created, row.expires, row.progress.place = tx.Now(), tx.Now().Add(AttemptLife), placeOf(from)
	if row.sealed, err = vault.SealJSON(held, row.binding(), row.progress); err != nil {
		return token, fmt.Errorf("seal half session: %w", err)
	}
	_, err = tx.House().Exec(sqlInsertAttempt, row.id, row.token, row.account, row.door, row.staff, row.invitation, row.created, row.expires, row.revision, row.sealed)
	if err != nil {
		return token, fmt.Errorf("store half session: %w", err)
	}
	return token, nil
}

// advance keeps what a half session has proved by now, and gives it a new token (AC-055).
func (s *Sessions) advance(tx *db.Tx, held *vault.Held, row attempt) (parlatory.Secret, error) {
	token, hash, err := credential.NewToken()
	if err != nil {
		return token, err
	}
	row.token, row.revision = hash, row.revision+1
	if row.sealed, err = vault.SealJSON(held, row.binding(), row.progress); err != nil {
		return token, fmt.Errorf("seal half session: %w", err)
	}
	n, err := tx.House().Exec(sqlAdvanceAttempt, row.id, row.token, row.revision, row.sealed, row.revision-1)
	if err == nil && n != 1 {
		err = errSignIn()
	}
	return token, err
}
