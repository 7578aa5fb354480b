package security

import (
	"context"
	"maps"
	"time"

	"parlatory"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// View is what the pages show: the settings, the modes of the lists and their sizes.
type View struct {
	Settings
	Revision    uint32
	ChangedAt   time.Time
	StaffMode   Mode
	VisitorMode Mode
	Sizes       map[List]int
}

// View shows the settings.
func (r *Room) View(ctx context.Context, actor parlatory.Actor) (View, error) {
	if _, err := r.o.Law.Permit(ctx, actor, ActView); err != nil {
		return View{}, err
	}
	return r.view(ctx, actor.Workspace)
}

func (r *Room) view(ctx context.Context, ws parlatory.WorkspaceID) (View, error) {
	c, err := r.rules(ctx, ws)
	if err != nil {
		return View{}, err
	}
	return View{Settings: c.Settings, Revision: c.revision, ChangedAt: c.changed, StaffMode: c.StaffMode, VisitorMode: c.VisitorMode, Sizes: maps.Clone(c.sizes)}, nil
}

// element is what the ledger calls what these acts change.
const element = "Security setting"

// SetPassword changes the policies of passwords and lockout. revision is the one that the page showed.
func (r *Room) SetPassword(ctx context.Context, actor parlatory.Actor, revision uint32, p PasswordPolicy, l LockoutPolicy) (View, error) {
	return r.set(ctx, actor, revision, func(doc *row) (o, n map[string]string, err error) {
		if err := p.sound(doc.Factor); err != nil {
			return nil, nil, err
		}
		if err := l.sound(); err != nil {
			return nil, nil, err
		}
		before, after := doc.Password.values(), p.values()
		maps.Copy(before, doc.Lockout.values())
		maps.Copy(after, l.values())
		doc.Password, doc.Lockout = p, l
		o, n = differing(before, after)
		return o, n, nil
	}, nil)
}

// SetSessions changes how long sessions last. A shorter limit holds for open sessions at once.
func (r *Room) SetSessions(ctx context.Context, actor parlatory.Actor, revision uint32, p SessionPolicy) (View, error) {
	return r.set(ctx, actor, revision, func(doc *row) (o, n map[string]string, err error) {
		if err := p.sound(); err != nil {
			return nil, nil, err
		}
		o, n = differing(doc.Sessions.values(), p.values())
		doc.Sessions = p
		return o, n, nil
	}, nil)
}

// SetFactor changes the policy of second factors. Sessions whose factor does not count under it end in the same transaction; so whoever
// saves it must have come in with one that does.
func (r *Room) SetFactor(ctx context.Context, actor parlatory.Actor, revision uint32, p FactorPolicy) (View, error) {
	announce := false
	v, err := r.set(ctx, actor, revision, func(doc *row) (o, n map[string]string, err error) {
		if p, err = p.sound(doc.Password); err != nil {
			return nil, nil, err
		}
		if !p.Counts(actor.Factor) {
			if p.Resistant {
				return nil, nil, parlatory.Conflict("You did not sign in with a passkey yourself, so you would be signed out by this. Add one in My Account, sign in with it, and then require it.")
			}
			return nil, nil, parlatory.Conflict("You did not sign in with a second factor yourself, so you would be signed out by this. Add one in My Account, sign in with it, and then require it.")
		}
		announce = p.Required && (!doc.Factor.Required || p.Resistant && !doc.Factor.Resistant || p.Message != doc.Factor.Message)
		o, n = differing(doc.Factor.values(), p.values())
		doc.Factor = p
		return o, n, nil
	}, func(tx *db.Tx) error {
		if !p.Required || r.sessions == nil {
			return nil
		}
		return r.sessions.EndUnproved(tx, p.Resistant)
	})
	if err == nil && announce && r.people != nil {
		if err := r.people.Announce(ctx, actor.Workspace, p); err != nil {
			r.o.Log.Error("announcement of a required factor", "workspace", actor.Workspace.String(), "cause", err.Error())
		}
	}
	return v, err
}

// Affected says whom a policy would meet, before it is saved.
func (r *Room) Affected(ctx context.Context, actor parlatory.Actor, p FactorPolicy) (Affected, error) {
	if _, err := r.o.Law.Permit(ctx, actor, ActView); err != nil {
		return Affected{}, err
	}
	a, err := r.people.Affected(ctx, actor, p)
	a.Me = !p.Counts(actor.Factor)
	return a, err
}

// set changes one card.
func (r *Room) set(ctx context.Context, actor parlatory.Actor, revision uint32, fn func(*row) (o, n map[string]string, err error), also func(*db.Tx) error) (View, error) {
	err := r.change(ctx, actor, ActEdit, revision, func(tx *db.Tx, _ *vault.Held, doc *row) (changed, error) {
		o, n, err := fn(doc)
		if err != nil {
			return changed{}, err
		}
		if also != nil {
			if err := also(tx); err != nil {
				return changed{}, err
			}
		}
		return changed{element: element, action: ledger.Updated, id: actor.Workspace.Raw(), old: o, new: n}, nil
	})
	if err != nil {
		return View{}, err
	}
	return r.view(ctx, actor.Workspace)
}
