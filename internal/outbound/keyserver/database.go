package keyserver

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"parlatory"
	"parlatory/internal/guard/vault"
)

// Database gives PostgreSQL credentials that the database engine makes: db.Credentials. They are renewed at two thirds of their lease, and
// replaced at two thirds of the last one that the engine gives. The older role stays good for the last third, so that what runs on
// its connections ends in peace; the lease should therefore be five minutes or more.
type Database struct {
	line *Line
	path string        // MOUNT/creds/ROLE
	turn chan struct{} // of one place, as a session's: held while the server is asked

	mu  sync.Mutex // held for moments: every taken connection looks
	now lease
}

// lease is a user and for how long it is good; the zero lease is none.
type lease struct {
	user  string
	pass  parlatory.Secret
	id    string
	born  time.Time     // when the user was made
	began time.Time     // of the lease as it is now
	lasts time.Duration // from then on
	renew bool
}

func (l lease) end() time.Time { return l.began.Add(l.lasts) }

// due is when the lease wants to be renewed.
func (l lease) due() time.Time { return l.began.Add(l.lasts * 2 / 3) }

func (l lease) good(at time.Time) bool { return l.user != "" && at.Before(l.end()) }

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

// get is the lease of the moment; put replaces it.
func (d *Database) get() lease  { d.mu.Lock(); defer d.mu.Unlock(); return d.now }
func (d *Database) put(l lease) { d.mu.Lock(); defer d.mu.Unlock(); d.now = l }

func (d *Database) clock() time.Time { return d.line.o.Clock.Now() }

// asking runs fn while nobody else asks the server.
func (d *Database) asking(ctx context.Context, fn func() error) error {
	ctx, cancel := d.line.patient(ctx)
	defer cancel()
	select {
	case d.turn <- struct{}{}:
	case <-ctx.Done():
		return d.line.away(ctx, "no answer in time")
	}
	defer func() { <-d.turn }()
	return fn()
}

// Credentials answers from memory as long as the lease lasts.
func (d *Database) Credentials(ctx context.Context) (user string, password parlatory.Secret, until time.Time, err error) {
	l := d.get()
	if !l.good(d.clock()) {
		err = d.asking(ctx, func() error {
			if l = d.get(); l.good(d.clock()) {
				return nil // who had the turn before has fetched them
			}
			l, err = d.fetch(ctx)
			return err
		})
	}
	if err != nil {
		return "", parlatory.Secret{}, time.Time{}, err
	}
	return l.user, l.pass, l.end(), nil
}

// Refused drops the user, if it is still the one in use.
func (d *Database) Refused(user string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if user == d.now.user && d.clock().Sub(d.now.born) >= tooYoung {
		d.now = lease{}
	}
}

// Run keeps the credentials fresh until ctx ends. Leases are left to lapse then: connections may still be open.
func (d *Database) Run(ctx context.Context) error {
	least := time.Second
	for {
		pause := min(max(d.get().due().Sub(d.clock()), least), time.Minute)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause + time.Duration(rand.Int64N(int64(pause)/10))): // nodes shall not all come at once
		}
		least = time.Second
		if err := d.tend(ctx); err != nil && ctx.Err() == nil {
			least = 10 * time.Second
			d.line.o.Log.Warn("database credentials could not be renewed", "cause", err.Error())
		}
	}
}

// tend renews what is due, and replaces what cannot be renewed for long enough.
func (d *Database) tend(ctx context.Context) error {
	return d.asking(ctx, func() error {
		l, now := d.get(), d.clock()
		if l.user == "" || now.Before(l.due()) {
			return nil // nobody asked yet, or nothing is due
		}
		if l.renew && now.Before(l.end()) {
			if err := d.extend(ctx, l); err == nil || errors.Is(err, vault.ErrAway) {
				return err
			}
		}
		_, err := d.fetch(ctx)
		return err
	})
}

var errShort = errors.New("database credentials: their last day is near")

// extend renews the lease; one that comes back shorter than half of what it was is near its last day.
func (d *Database) extend(ctx context.Context, l lease) error {
	now := d.clock()
	var got answer
	r := request{method: http.MethodPut, path: "sys/leases/renew", size: 256, body: func(b []byte) []byte {
		return appendJSON(b, map[string]any{"lease_id": l.id, "increment": int64(l.lasts / time.Second)})
	}}
	if err := d.line.call(ctx, r, func(a answer) error { got = a; return nil }); err != nil {
		return fmt.Errorf("renew database credentials: %w", err)
	}
	lasts := seconds(got.LeaseDuration)
	if lasts < l.lasts/2 || lasts == 0 {
		return errShort
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.now.user == l.user { // not refused meanwhile
		d.now.began, d.now.lasts, d.now.renew = now, lasts, got.Renewable
	}
	return nil
}

// fetch gets a new user. The one before goes on until its lease ends.
func (d *Database) fetch(ctx context.Context) (l lease, err error) {
	now := d.clock()
	err = d.line.get(ctx, d.path, func(a answer) error {
		if a.Data.Username == "" || a.Data.Password == "" || a.LeaseDuration <= 0 {
			return &fault{is: vault.ErrAway, what: "the answer holds no credentials"}
		}
		l = lease{
			user: a.Data.Username, pass: parlatory.NewSecret(a.Data.Password), id: a.LeaseID, born: now, began: now,
			lasts: seconds(a.LeaseDuration), renew: a.Renewable,
		}
		return nil
	})
	if err != nil {
		return lease{}, fmt.Errorf("database credentials: %w", err)
	}
	d.put(l)
	return l, nil
}
