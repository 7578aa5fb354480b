package signin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"parlatory"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/credential"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// StepAgreement is owed until the person has agreed to the policies in force.
const StepAgreement = "agreement"

// standing is what the steps are judged by, read in the transaction that needs it.
type standing struct {
	agreed bool
}

// step is one thing that a sign-in may owe after the password.
type step struct {
	name string
	owed func(standing) bool
}

// steps are owed in this order. Expired password, second factor and enrolment take their places before the agreement.
var steps = []step{
	{StepAgreement, func(s standing) bool { return !s.agreed }},
}

// next is the first step that is owed and not paid in this attempt; empty when none is.
func next(s standing, paid string) string {
	done := strings.Fields(paid)
	for _, st := range steps {
		if st.owed(s) && !slices.Contains(done, st.name) {
			return st.name
		}
	}
	return ""
}

func standingOf(tx *db.Tx, account parlatory.AccountID) (standing, error) {
	var n int
	if err := tx.House().Row(sqlAgreed, account, workspace.Version, workspace.Version).Scan(&n); err != nil {
		return standing{}, fmt.Errorf("read agreements: %w", err)
	}
	return standing{agreed: n > 0}, nil
}

// attempt is a half session.
type attempt struct {
	id               parlatory.SessionID
	token            credential.TokenHash
	account          parlatory.AccountID
	door             parlatory.WorkspaceID
	staff            parlatory.StaffID
	invitation       parlatory.RowID
	paid             string
	created, expires time.Time
	revision         uint32
	sealed           vault.Sealed
}

func (a attempt) binding() vault.Binding {
	return vault.Binding{Table: "attempts", Row: a.id.Raw(), Revision: a.revision,
		Clear: []any{a.token[:], a.account, a.door, a.staff, a.invitation, a.paid, a.created, a.expires}}
}

func scanAttempt(row *db.Row) (attempt, error) {
	var a attempt
	err := row.Scan(&a.id, &a.token, &a.account, &a.door, &a.staff, &a.invitation, &a.paid, &a.created, &a.expires, &a.revision, &a.sealed)
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
	if err := s.prove(ctx, row.account, row.binding(), row.sealed); err != nil {
		return parlatory.Actor{}, err
	}
	actor := from
	actor.Kind, actor.Workspace, actor.Session = parlatory.Half, door, row.id
	actor.Account, actor.Staff = row.account, row.staff
	return actor, nil
}

// open stores a new half session and gives its token.
func (s *Sessions) open(tx *db.Tx, held *vault.Held, row attempt, from parlatory.Actor) (parlatory.Secret, error) {
	token, hash, err := credential.NewToken()
	if err != nil {
		return token, err
	}
	row.id, row.token, row.revision = parlatory.NewID[parlatory.SessionKind](s.o.Clock), hash, 1
	row.created, row.expires = tx.Now(), tx.Now().Add(AttemptLife)
	if row.sealed, err = vault.SealJSON(held, row.binding(), placeOf(from)); err != nil {
		return token, fmt.Errorf("seal half session: %w", err)
	}
	_, err = tx.House().Exec(sqlInsertAttempt, row.id, row.token, row.account, row.door, row.staff, row.invitation, row.paid, row.created, row.expires, row.revision, row.sealed)
	if err != nil {
		return token, fmt.Errorf("store half session: %w", err)
	}
	return token, nil
}

// advance marks a step of a half session as paid and gives it a new token (AC-055).
func (s *Sessions) advance(tx *db.Tx, held *vault.Held, row attempt, paid string) (parlatory.Secret, error) {
	plain, err := held.Open(row.binding(), row.sealed)
	if err != nil {
		return parlatory.Secret{}, fmt.Errorf("open half session: %w", err)
	}
	token, hash, err := credential.NewToken()
	if err != nil {
		return token, err
	}
	row.paid, row.token, row.revision = strings.TrimSpace(row.paid+" "+paid), hash, row.revision+1
	if row.sealed, err = held.Seal(row.binding(), plain); err != nil {
		return token, fmt.Errorf("seal half session: %w", err)
	}
	n, err := tx.House().Exec(sqlAdvanceAttempt, row.id, row.token, row.paid, row.revision, row.sealed, row.revision-1)
	if err == nil && n != 1 {
		err = errSignIn()
	}
	return token, err
}
