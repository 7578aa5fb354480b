package account

import (
	"context"
	"fmt"
	"slices"
	"time"

	"parlatory"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// Languages are those that the program has texts for; the first is everybody's who chose none.
func Languages() []string { return []string{"en"} }

// Preferences are what a person chooses for the own account; nil leaves as it is. The letters of changed passwords and factors can't be
// switched off.
type Preferences struct {
	Language        *string
	NotifyNewDevice *bool
}

// Own is what a person sees of the own account beside the membership.
type Own struct {
	Language        string
	NotifyNewDevice bool
	PasswordAt      time.Time
	PasswordEnds    time.Time // at this door, where it ends at all
	ProvedUntil     time.Time
	Message         string // of the workspace, to those who have no second factor that counts here
}

// Own reads it.
func (a *Room) Own(ctx context.Context, actor parlatory.Actor) (Own, error) {
	permit, err := a.o.Law.Permit(ctx, actor, ActView)
	if err != nil {
		return Own{}, err
	}
	held, err := a.Hold(ctx, actor.Account)
	if err != nil {
		return Own{}, err
	}
	settings, err := a.o.Security.Of(ctx, actor.Workspace)
	if err != nil {
		return Own{}, err
	}
	var acc Account
	var factors FactorState
	err = a.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		if acc, err = Fresh(tx, held, actor.Account); err != nil {
			return err
		}
		factors, err = a.FactorsAt(tx, actor.Account)
		return err
	})
	if err != nil {
		return Own{}, err
	}
	own := Own{Language: acc.Language, NotifyNewDevice: acc.Tells(), PasswordAt: acc.PasswordAt, PasswordEnds: acc.ExpiresAt(settings.Password.MaxAgeDays)}
	if own.Language == "" {
		own.Language = Languages()[0]
	}
	if !actor.Proved.IsZero() {
		own.ProvedUntil = actor.Proved.Add(access.StepUpWithin)
	}
	if !factors.Any() {
		own.Message = settings.Factor.Message
	}
	return own, nil
}

// Prefer changes the preferences, and witnesses what they were and are.
func (a *Room) Prefer(ctx context.Context, actor parlatory.Actor, p Preferences) error {
	permit, err := a.o.Law.Permit(ctx, actor, ActEdit)
	if err != nil {
		return err
	}
	if p.Language != nil && !slices.Contains(Languages(), *p.Language) {
		return parlatory.Invalid("language", "is none that the program has texts for")
	}
	held, err := a.Hold(ctx, actor.Account)
	if err != nil {
		return err
	}
	pens, err := a.Pens(ctx, actor.Workspace)
	if err != nil {
		return err
	}
	view, err := a.o.Workspace.Named(ctx, actor.Workspace)
	if err != nil {
		return err
	}
	settings, err := a.o.Ring.Hold(ctx, actor.Workspace, vault.Settings)
	if err != nil {
		return fmt.Errorf("hold settings key: %w", err)
	}
	return a.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if err := a.Reaches(tx, actor.Account, actor.ProvedBy); err != nil {
			return err
		}
		acc, err := Fresh(tx, held, actor.Account)
		if err != nil {
			return err
		}
		if p.NotifyNewDevice != nil && !*p.NotifyNewDevice && acc.Tells() {
			if err := a.quieten(tx, actor, acc, settings, view); err != nil {
				return err
			}
		}
		values := map[string]string{"what": "preferences changed"}
		if p.Language != nil {
			acc.Language, values["language"] = *p.Language, *p.Language
		}
		if p.NotifyNewDevice != nil {
			acc.quiet, values["notify_new_device"] = !*p.NotifyNewDevice, fmt.Sprint(*p.NotifyNewDevice)
		}
		if err := acc.store(tx, held); err != nil {
			return err
		}
		return pens.Witness(tx, ledger.Updated, actor.Account, actor.Staff, values)
	})
}

// quieten is what switching the letters about new devices off takes: a step-up, and one letter more. Else whoever stole a session would
// begin with it.
func (a *Room) quieten(tx *db.Tx, actor parlatory.Actor, acc Account, settings *vault.Held, view workspace.View) error {
	s, err := factorStandingOf(tx, a, actor.Account)
	if err == nil {
		err = s.proven(actor)
	}
	if err == nil && tx.Now().Sub(actor.Proved) >= access.StepUpWithin {
		err = access.StepUp()
	}
	if err != nil {
		return err
	}
	return a.Notify(tx, settings, view, acc, NoticeQuiet, actor)
}

// OwnRules are what a new password of the person is held to.
type OwnRules struct{ MinLength, History, MaxAgeDays int }

// OwnRules reads them: length and history of the strictest workspace, age of this one.
func (a *Room) OwnRules(ctx context.Context, actor parlatory.Actor) (OwnRules, error) {
	if _, err := a.o.Law.Permit(ctx, actor, ActView); err != nil {
		return OwnRules{}, err
	}
	rules, err := a.Rules(ctx, actor.Account, actor.Workspace)
	if err != nil {
		return OwnRules{}, err
	}
	settings, err := a.o.Security.Of(ctx, actor.Workspace)
	return OwnRules{MinLength: rules.MinLength, History: rules.History, MaxAgeDays: settings.Password.MaxAgeDays}, err
}
