package access

import (
	"context"
	"fmt"

	"parlatory"
)

// Permit says that one actor may do one act. Only Law makes it.
type Permit struct {
	actor parlatory.Actor
	act   Act
	level Level
	valid bool
}

// Valid is false for a Permit that no law made.
func (p Permit) Valid() bool { return p.valid }

// Actor is who asked.
func (p Permit) Actor() parlatory.Actor { return p.actor }

// Act is what for.
func (p Permit) Act() Act { return p.act }

// Level is the data level of a staff member's role; Full for system acts, NoData for everybody else.
func (p Permit) Level() Level { return p.level }

// Workspace is the one that the transaction is pinned to.
func (p Permit) Workspace() parlatory.WorkspaceID {
	if p.act.Scope == InHouse || p.act.Scope == HouseAndAcross {
		return parlatory.House
	}
	return p.actor.Workspace
}

// Refusals hears of each refused act, to witness it; app fills it.
type Refusals interface {
	Refused(ctx context.Context, actor parlatory.Actor, act Act)
}

// Law judges.
type Law struct {
	catalogue *Catalogue
	roles     Roles
	refusals  Refusals
}

// NewLaw makes the law of a catalogue; refusals may be nil.
func NewLaw(c *Catalogue, roles Roles, refusals Refusals) *Law {
	return &Law{catalogue: c, roles: roles, refusals: refusals}
}

// Catalogue is the law's own.
func (l *Law) Catalogue() *Catalogue { return l.catalogue }

// Permit is the first line of each domain method. It refuses with KindUnauthenticated where signing in would help,
// and with KindForbidden otherwise.
func (l *Law) Permit(ctx context.Context, actor parlatory.Actor, act Act) (Permit, error) {
	level, err := l.judge(ctx, actor, act)
	if err != nil {
		if l.refusals != nil && parlatory.KindOf(err) == parlatory.KindForbidden {
			l.refusals.Refused(ctx, actor, act)
		}
		return Permit{}, err
	}
	return Permit{actor: actor, act: act, level: level, valid: true}, nil
}

func (l *Law) judge(ctx context.Context, actor parlatory.Actor, act Act) (Level, error) {
	if !l.catalogue.Known(act) {
		return NoData, parlatory.Internal("permit", fmt.Errorf("act %q is not in the catalogue", act.Name))
	}
	if actor.Workspace.Zero() {
		return NoData, parlatory.Internal("permit", fmt.Errorf("act %q without a workspace", act.Name))
	}
	if actor.Kind == parlatory.System || !act.By.Has(actor.Kind) {
		if actor.Kind == parlatory.Anonymous || actor.Kind == parlatory.Half {
			return NoData, parlatory.Fail(parlatory.KindUnauthenticated, "Please sign in.")
		}
		return NoData, parlatory.Forbidden()
	}
	if actor.Kind == parlatory.Operator {
		return Full, nil
	}
	if actor.Kind != parlatory.Staff {
		return NoData, nil
	}
	role, err := l.roles.Role(ctx, actor.Workspace, actor.Role)
	if err != nil {
		return NoData, err
	}
	if act.Granted && !l.catalogue.Grants(role, act.Name) {
		return NoData, parlatory.Forbidden()
	}
	return role.Level, nil
}

// Sees answers for the console which of the granted acts a role holds: the same code that decides.
func (l *Law) Sees(ctx context.Context, actor parlatory.Actor) ([]string, error) {
	if actor.Kind != parlatory.Staff {
		return nil, nil
	}
	role, err := l.roles.Role(ctx, actor.Workspace, actor.Role)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, a := range l.catalogue.All() {
		if a.Granted && l.catalogue.Grants(role, a.Name) {
			names = append(names, a.Name)
		}
	}
	return names, nil
}

// System permits a job of the server in a workspace (or the house). Only acts that list System are given.
func (l *Law) System(act Act, workspace parlatory.WorkspaceID) (Permit, error) {
	if !l.catalogue.Known(act) || !act.By.Has(parlatory.System) || workspace.Zero() {
		return Permit{}, parlatory.Internal("system permit", fmt.Errorf("act %q is not a system act", act.Name))
	}
	actor := parlatory.Actor{Kind: parlatory.System, Workspace: workspace}
	return Permit{actor: actor, act: act, level: Full, valid: true}, nil
}
