package account

import (
	"parlatory"
	"parlatory/internal/guard/access"
	"parlatory/internal/storage/db"
)

// What a session may do to an account is judged by what was proved in it, and not by what counts at its door alone: an administrator can
// void the factors of somebody there, so that the password opens sessions there, and a factor that was set up after it may be a stranger's.

// proven refuses a proof by the password where a second factor counts by now: the session may be from before it.
func (s factorStanding) proven(actor parlatory.Actor) error {
	if s.state.Any() && !actor.ProvedBy.Second() {
		return access.StepUp()
	}
	return nil
}

// everywhere refuses a change of what counts at all workspaces to whoever proved nothing that does, where the account has such a factor.
func (s factorStanding) everywhere(actor parlatory.Actor) error {
	if actor.ProvedBy == parlatory.ByFactor {
		return nil
	}
	for _, f := range s.all {
		if f.scope.Zero() {
			return errApart()
		}
	}
	return nil
}

// apart reports whether a session, or half session, may be a stranger's who rules the door of the standing: the account has a factor that
// counts everywhere, but was voided here, or one that counts here alone, and nothing was proved that counts everywhere.
func (s factorStanding) apart(by parlatory.Proof, door parlatory.WorkspaceID) bool {
	if by == parlatory.ByFactor {
		return false
	}
	wide, odd := false, by == parlatory.ByFactorHere
	for _, f := range s.all {
		wide = wide || f.scope.Zero()
		odd = odd || f.scope == door || f.scope.Zero() && !counts(f.scope, f.created, s.void, door)
	}
	return wide && odd
}

// Apart reports whether who proved by this at tx's door reaches no further than that door (DESIGN §5).
func (a *Room) Apart(tx *db.Tx, account parlatory.AccountID, by parlatory.Proof) (bool, error) {
	s, err := factorStandingOf(tx, a, account)
	return err == nil && s.apart(by, tx.Workspace()), err
}

// Reaches refuses an act on the account as a whole to whoever is apart.
func (a *Room) Reaches(tx *db.Tx, account parlatory.AccountID, by parlatory.Proof) error {
	apart, err := a.Apart(tx, account, by)
	if err == nil && apart {
		err = errApart()
	}
	return err
}

func errApart() error {
	return parlatory.Conflict("What counts at all of your workspaces is changed by whoever proved a second factor that does, too. Please do it at a workspace where yours counts.")
}
