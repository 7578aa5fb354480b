package security

import (
	"context"
	"fmt"

	"parlatory"
)

// State of a point of the checklist.
type State string

// The states.
const (
	IsOn     State = "on"
	IsPartly State = "partly"
	IsOff    State = "off"
)

// Point is one thing that somebody is responsible for.
type Point struct {
	ID     string
	Group  string // "Sign-in", "Access", "Visitors", "People", "Operation"
	Title  string
	State  State
	Detail string // what is set
	Risk   string // what may happen where it is not
	Card   string // where to change it: a path of the console; empty: the operator's
}

// Facts gives the points that another room knows.
type Facts interface {
	Points(ctx context.Context, actor parlatory.Actor) ([]Point, error)
}

// Checklist says what is on, what is not, and what that means: what the workspace set here, and what the other rooms know.
func (r *Room) Checklist(ctx context.Context, actor parlatory.Actor) ([]Point, error) {
	if _, err := r.o.Law.Permit(ctx, actor, ActView); err != nil {
		return nil, err
	}
	v, err := r.view(ctx, actor.Workspace)
	if err != nil {
		return nil, err
	}
	points := append(v.signIn(), v.lists()...)
	for _, f := range r.facts {
		more, err := f.Points(ctx, actor)
		if err != nil {
			return nil, err
		}
		points = append(points, more...)
	}
	return points, nil
}

const card = "/admin/security"

// grade is on or off, or partly where a weaker form of it stands.
func grade(on, partly bool) State {
	switch {
	case on:
		return IsOn
	case partly:
		return IsPartly
	}
	return IsOff
}

func (v View) signIn() []Point {
	f, s := v.Factor, v.Sessions
	trust, factor := "The factor is asked for at each sign-in.", "Optional for each person."
	if f.TrustDays > 0 {
		trust = fmt.Sprintf("Asked for once in %s on a device that the person trusts.", many(f.TrustDays, "day", "days"))
	}
	if f.Required {
		factor = "Required for all."
	}
	threshold := "After 10 wrong passwords in 15 minutes from devices that the person has not signed in on (the server's own limit)."
	if v.Lockout.Threshold > 0 {
		threshold = fmt.Sprintf("After %d wrong passwords in a row; the server's own limit of 10 in 15 minutes stands beside it.", v.Lockout.Threshold)
	}
	return []Point{
		{"factor", "Sign-in", "A second factor is required", grade(f.Required, false), factor,
			"One stolen or guessed password opens everything that its owner may see.", card + "#factor"},
		{"resistant", "Sign-in", "Only phishing-resistant factors count", grade(f.Required && f.Resistant, f.Required), map[bool]string{true: "Passkeys only.", false: "Codes from an app count as well."}[f.Required && f.Resistant],
			"A false sign-in page can ask for a code and use it at once; a passkey answers only its own site.", card + "#factor"},
		{"trust", "Sign-in", "No device is spared the second factor", grade(f.TrustDays == 0, f.TrustDays <= 30), trust,
			"Whoever takes a trusted device, and knows the password, needs nothing else.", card + "#factor"},
		{"length", "Sign-in", "Passwords are long", grade(v.Password.MinLength >= 12, true), fmt.Sprintf("At least %d characters; published passwords, and the person's own name, address and company are refused.", v.Password.MinLength),
			"Short passwords are found by trying, if a copy of their hashes is ever stolen.", card + "#password"},
		{"lockout", "Sign-in", "Guessing is stopped", IsOn, threshold,
			"Without a limit, common passwords are tried until one fits.", card + "#lockout"},
		{"sessions", "Sign-in", "Sessions end", grade(s.IdleMinutes <= 8*60 && s.LifeHours <= 7*24, s.IdleMinutes <= 12*60 || s.LifeHours <= 7*24),
			fmt.Sprintf("After %s without use, and %s in all.", spell(s.IdleMinutes), spell(s.LifeHours*60)),
			"Whoever finds a browser that was left open is in.", card + "#sessions"},
	}
}

func (v View) lists() []Point {
	staff := map[Mode]string{Off: "Staff may work from anywhere.", Watch: "Watching only: nobody is refused.", On: "Staff work only from the listed addresses: " + many(v.Sizes[StaffList], "entry", "entries") + "."}
	visitors := map[Mode]string{Off: "Every visitor can write.", Block: "The blocklist is in force: " + many(v.Sizes[BlockList], "entry", "entries") + ".",
		Allow: "The allowlist is in force: " + many(v.Sizes[AllowList], "entry", "entries") + "."}
	return []Point{
		{"staff-list", "Access", "Staff work from known addresses", grade(v.StaffMode == On, v.StaffMode == Watch), staff[v.StaffMode],
			"Stolen proofs of a sign-in work from anywhere in the world.", card + "/staff-list"},
		{"visitor-list", "Visitors", "A visitor can be refused", grade(v.VisitorMode != Off, false), visitors[v.VisitorMode],
			"Whoever floods or insults your staff can come back at once.", card + "/visitor-list"},
	}
}

func many(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// spell says a length of time in the greatest unit that divides it.
func spell(minutes int) string {
	switch {
	case minutes%(24*60) == 0:
		return many(minutes/(24*60), "day", "days")
	case minutes%60 == 0:
		return many(minutes/60, "hour", "hours")
	}
	return many(minutes, "minute", "minutes")
}
