package account

import (
	"parlatory"
	"parlatory/internal/guard/access"
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

func errApart() error {
	return parlatory.Conflict("What counts at all of your workspaces is changed by whoever proved a second factor that does, too. Please do it at a workspace where yours counts.")
}
