package access

import (
	"context"
	"fmt"
	"strings"
	"time"

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

// Gate is what the workspace asks of whoever comes in, whatever the act: the list of addresses, the required factor. It is judged
// with each act of staff and visitors, so with each request and each frame of a socket. domain/security fills it.
type Gate interface {
	// Admit refuses with KindUnauthenticated, so that a closed gate looks like being signed out.
	Admit(ctx context.Context, actor parlatory.Actor) error
}

// StepUpWithin is how long a password or factor opens the sensitive acts (ASVS 7.5.1).
const StepUpWithin = 10 * time.Minute

// Law judges.
type Law struct {
	catalogue *Catalogue
	roles     Roles
	refusals  Refusals
	gate      Gate
	clock     parlatory.Clock
}

// Guard sets the gate and the clock of the step-up, once, before anything is served: the gate's room itself needs the law. Acts
// that ask for a step-up are refused by a law without a clock.
func (l *Law) Guard(gate Gate, clock parlatory.Clock) { l.gate, l.clock = gate, clock }

// Guarded reports whether a gate stands; app refuses to serve without one.
func (l *Law) Guarded() bool { return l.gate != nil && l.clock != nil }

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
	if actor.Unchecked && !act.Unchecked {
		return NoData, parlatory.Fail(parlatory.KindUnavailable, "This chat can't be opened at the moment. Nothing is lost; please try again in a few minutes.")
	}
	if l.gate != nil && (actor.Kind == parlatory.Staff || actor.Kind == parlatory.Visitor || actor.Site != "") {
		if err := l.gate.Admit(ctx, actor); err != nil {
			return NoData, err
		}
	}
	if actor.Kind != parlatory.Staff {
		return NoData, nil
	}
	return l.judgeStaff(ctx, actor, act)
}

// judgeStaff looks at the role, at what an API token may do of it, and at how long ago password or factor was given.
func (l *Law) judgeStaff(ctx context.Context, actor parlatory.Actor, act Act) (Level, error) {
	role, err := l.roles.Role(ctx, actor.Workspace, actor.Role)
	if err != nil {
		return NoData, err
	}
	if act.Granted && !l.catalogue.Grants(role, act.Name) {
		return NoData, parlatory.Forbidden()
	}
	if !actor.Token.Zero() && !act.Attends && (!act.ByToken || act.StepUp || !InScope(actor.Scopes, act.Name)) {
		return NoData, parlatory.Fail(parlatory.KindForbidden, "This API token may not do that.")
	}
	if act.StepUp && (l.clock == nil || l.clock.Now().Sub(actor.Proved) >= StepUpWithin) {
		return NoData, StepUp()
	}
	return role.Level, nil
}

// StepUp is the refusal that asks the person to prove again who they are.
func StepUp() error {
	return parlatory.Fail(parlatory.KindStepUp, "Please confirm that it is you: your password or second factor is needed for this.")
}

// InScope reports whether a token's scopes name an act.
func InScope(scopes, act string) bool {
	for s := range strings.FieldsSeq(scopes) {
		if s == act {
			return true
		}
	}
	return false
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
