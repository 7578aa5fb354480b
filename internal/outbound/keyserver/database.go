package keyserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"parlatory"
	"parlatory/internal/guard/vault"
)

// Database gives PostgreSQL credentials that the database engine makes: db.Credentials. They are renewed at two thirds of their lease, and
// replaced at two thirds of the last one that the engine gives. The older role stays good for the last third, so that what runs on
// its connections ends in peace; the lease should therefore be five minutes or more.
type Database struct {
	line  *Line
	path  string        // MOUNT/creds/ROLE
	turn  chan struct{} // of one place, as a session's
	user  string
	pass  parlatory.Secret
	lease string
	born  time.Time     // when the user was made
	began time.Time     // of the lease as it is now
	lasts time.Duration // from then on
	renew bool
}

// refusals of a user younger than this change nothing: another user would fare no better, and each costs the server a role.
const tooYoung = time.Second

// Database gives the credentials of a role of the database engine at a mount ("" for "database").
func (l *Line) Database(mount, role string) (*Database, error) {
	mount = orElse(strings.Trim(mount, "/"), "database")
	if !pathForm.MatchString(mount) || !nameForm.MatchString(role) {
		return nil, errors.New("key server: mount and role of the database engine must be plain names")
	}
	return &Database{line: l, path: mount + "/creds/" + role, turn: make(chan struct{}, 1)}, nil
}

func (d *Database) take(ctx context.Context) error {
	select {
	case d.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return d.line.away(ctx, "no answer in time")
	}
}

func (d *Database) give() { <-d.turn }

// Credentials answers from memory as long as the lease lasts.
func (d *Database) Credentials(ctx context.Context) (user string, password parlatory.Secret, until time.Time, err error) {
	if err := d.take(ctx); err != nil {
		return "", parlatory.Secret{}, time.Time{}, err
	}
	defer d.give()
	if d.user == "" || !d.line.o.Clock.Now().Before(d.end()) {
		if err := d.fetch(ctx); err != nil {
			return "", parlatory.Secret{}, time.Time{}, err
		}
	}
	return d.user, d.pass, d.end(), nil
}

func (d *Database) end() time.Time { return d.began.Add(d.lasts) }

// Refused drops the user, if it is still the one in use.
func (d *Database) Refused(user string) {
	d.turn <- struct{}{} // held for the time of one call at most
	defer d.give()
	if user == d.user && d.line.o.Clock.Now().Sub(d.born) >= tooYoung {
		d.user = ""
	}
}

// Run keeps the credentials fresh until ctx ends. Leases are left to lapse then: connections may still be open.
func (d *Database) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(d.pause()):
		}
		if err := d.tend(ctx); err != nil && ctx.Err() == nil {
			d.line.o.Log.Warn("database credentials could not be renewed", "cause", err.Error())
		}
	}
}

// pause is until something is due: a second at least, a minute at most, spread so that nodes do not all come at once.
func (d *Database) pause() time.Duration {
	d.turn <- struct{}{}
	defer d.give()
	due := time.Minute
	if d.user != "" {
		due = d.began.Add(d.lasts * 2 / 3).Sub(d.line.o.Clock.Now())
	}
	due = min(max(due, time.Second), time.Minute)
	return due + time.Duration(rand.Int64N(int64(due)/10))
}

// tend renews what is due, and replaces what cannot be renewed for long enough.
func (d *Database) tend(ctx context.Context) error {
	if err := d.take(ctx); err != nil {
		return err
	}
	defer d.give()
	now := d.line.o.Clock.Now()
	if d.user == "" || now.Before(d.began.Add(d.lasts*2/3)) {
		return nil // nobody asked yet, or nothing is due
	}
	if d.renew && now.Before(d.end()) {
		err := d.extend(ctx, now)
		if err == nil || errors.Is(err, vault.ErrAway) {
			return err
		}
	}
	return d.fetch(ctx)
}

var errShort = errors.New("database credentials: their last day is near")

// extend renews the lease; one that comes back shorter than half of what it was is near its last day.
func (d *Database) extend(ctx context.Context, now time.Time) error {
	var got answer
	r := request{method: http.MethodPut, path: "sys/leases/renew", size: 256, body: func(b []byte) []byte {
		text, err := json.Marshal(map[string]any{"lease_id": d.lease, "increment": int64(d.lasts / time.Second)})
		if err != nil {
			return append(b, "{}"...) // texts and numbers are always written
		}
		return append(b, text...)
	}}
	if err := d.line.call(ctx, r, func(a answer) error { got = a; return nil }); err != nil {
		return fmt.Errorf("renew database credentials: %w", err)
	}
	if lasts := seconds(got.LeaseDuration); lasts >= d.lasts/2 && lasts > 0 {
		d.began, d.lasts, d.renew = now, lasts, got.Renewable
		return nil
	}
	return errShort
}

// fetch gets a new user. The one before goes on until its lease ends.
func (d *Database) fetch(ctx context.Context) error {
	now := d.line.o.Clock.Now()
	err := d.line.get(ctx, d.path, func(a answer) error {
		if a.Data.Username == "" || a.Data.Password == "" || a.LeaseDuration <= 0 {
			return &fault{vault.ErrAway, "the answer holds no credentials"}
		}
		d.user, d.pass, d.lease = a.Data.Username, parlatory.NewSecret(a.Data.Password), a.LeaseID
		d.born, d.began, d.lasts, d.renew = now, now, seconds(a.LeaseDuration), a.Renewable
		return nil
	})
	if err != nil {
		return fmt.Errorf("database credentials: %w", err)
	}
	return nil
}
