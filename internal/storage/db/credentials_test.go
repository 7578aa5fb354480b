package db

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parlatory"
	line "parlatory/internal/outbound/keyserver"
	"parlatory/test/keyserver"
	"parlatory/test/postgres"
)

const adminRole = "parlatory_keys"

// admin is the URL by which the key server makes roles at a database.
func admin(t *testing.T, member string) string {
	t.Helper()
	s := postgres.Shared(t)
	text := fmt.Sprintf("DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '%[1]s') THEN CREATE ROLE %[1]s SUPERUSER LOGIN PASSWORD '%[2]s'; END IF; END $$", adminRole, s.Password())
	if err := s.SQL("postgres", text); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(member)
	if err != nil {
		t.Fatal(err)
	}
	return s.URL(adminRole, strings.TrimPrefix(u.Path, "/"))
}

// bare is a URL without its password, and the role in it.
func bare(t *testing.T, full string) (without, role string) {
	t.Helper()
	u, err := url.Parse(full)
	if err != nil {
		t.Fatal(err)
	}
	role = u.User.Username()
	u.User = url.User(role)
	return u.String(), role
}

// issued gives credentials that the key server makes for members of the URL's role.
func issued(t *testing.T, full string, more keyserver.Fields) (string, *line.Database, keyserver.Database) {
	t.Helper()
	s := keyserver.Shared(t)
	without, role := bare(t, full)
	d := s.Database(t, admin(t, full), role, more)
	a := s.AppRole(t, "", []string{d.Policy(t)}, nil)
	l, err := line.New(line.Options{
		Address: s.Address(), CAFile: s.CAFile(), Timeout: 20 * time.Second, Log: silent,
		Auth: line.Auth{AppRole: &line.AppRole{Mount: a.Mount, RoleID: a.RoleID, SecretID: parlatory.NewSecret(a.SecretID)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := l.Database(d.Mount, d.Role)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Revoke(t) })
	return without, c, d
}

func openIssued(t *testing.T, o Options) *DB {
	t.Helper()
	o.Migrations, o.Log = testFS(), silent
	d, err := Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// user is who a pooled connection signed in as.
func (c *cluster) user(t *testing.T) (name string) {
	t.Helper()
	if err := c.reads.QueryRowContext(t.Context(), "SELECT session_user::text").Scan(&name); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestRevokedCredentialsMoveEverybodyToNewOnes(t *testing.T) {
	serving, owner := postgres.Start(t)
	without, credentials, engine := issued(t, serving, nil)
	d := openIssued(t, Options{Postgres: without, PostgresOwner: owner, Credentials: credentials, MaxConns: 4})
	other := openIssued(t, Options{Postgres: without, PostgresOwner: owner, Credentials: credentials, MaxConns: 4})
	var l listener
	other.Listen(&l)
	p, r := permit(t, noteWrite, workspace()), room()
	var seq atomic.Int64
	act := func() error {
		n := seq.Add(1)
		if err := write(d, p, func(tx *Tx) error { posted(tx, r, n); return post(tx, r, n) }); err != nil {
			return err
		}
		return d.Read(context.Background(), permit(t, noteRead, p.Workspace()), func(tx *Tx) error { var n int; return tx.Row(countNotes).Scan(&n) })
	}
	if err := act(); err != nil {
		t.Fatal(err)
	}
	first := d.cluster.user(t)
	if !strings.HasPrefix(first, "v-") {
		t.Fatal("not a user of the key server's:", first)
	}
	time.Sleep(1100 * time.Millisecond) // a refusal of younger ones is not asked about again
	stop := make(chan struct{})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := act(); err != nil {
					t.Error("while credentials are revoked:", err)
					return
				}
			}
		})
	}
	engine.Revoke(t)
	before := seq.Load()
	for end := time.Now().Add(20 * time.Second); seq.Load() < before+40 && time.Now().Before(end); time.Sleep(time.Millisecond) {
	}
	close(stop)
	all.Wait()
	if seq.Load() < before+40 {
		t.Error("nothing goes on after the revocation")
	}
	if now := d.cluster.user(t); now == first || !strings.HasPrefix(now, "v-") {
		t.Error("still signed in as", now)
	}
	if n := count(t, d, p.Workspace()); n != int(seq.Load()) {
		t.Error(n, "notes of", seq.Load())
	}
	// Nodes go on hearing each other over connections of the new user.
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		var old int
		if err := d.cluster.reads.QueryRowContext(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'parlatory nodes' AND usename IS DISTINCT FROM session_user").Scan(&old); err != nil {
			t.Fatal(err)
		}
		if old == 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("connections between nodes of a revoked user:", old)
		}
	}
	last := seq.Add(1)
	if err := write(d, p, func(tx *Tx) error { posted(tx, r, last); return post(tx, r, last) }); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if all := l.wait(t, 1); all[len(all)-1].Seq == last {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the other node did not hear the last event")
		}
	}
}

// What runs on a connection of older credentials ends in peace, and the next transaction has the newer ones.
func TestReplacedCredentialsDropNoTransaction(t *testing.T) {
	serving, owner := postgres.Start(t)
	without, credentials, _ := issued(t, serving, nil)
	turn := &turning{Database: credentials}
	d := openIssued(t, Options{Postgres: without, PostgresOwner: owner, Credentials: turn, MaxConns: 1})
	p, r := permit(t, noteWrite, workspace()), room()
	first := d.cluster.user(t)
	if err := write(d, p, func(tx *Tx) error {
		turn.replace()
		return post(tx, r, 1)
	}); err != nil {
		t.Fatal("the transaction that ran:", err)
	}
	if err := write(d, p, func(tx *Tx) error { return post(tx, r, 2) }); err != nil {
		t.Fatal("the next one:", err)
	}
	if now := d.cluster.user(t); now == first {
		t.Error("still signed in as", now)
	}
	if n := count(t, d, p.Workspace()); n != 2 {
		t.Error("notes:", n)
	}
}

// turning is credentials whose next user can be asked for.
type turning struct {
	*line.Database
	next atomic.Bool
}

func (c *turning) replace() { time.Sleep(1100 * time.Millisecond); c.next.Store(true) }

func (c *turning) Credentials(ctx context.Context) (string, parlatory.Secret, time.Time, error) {
	if c.next.CompareAndSwap(true, false) {
		user, _, _, err := c.Database.Credentials(ctx)
		if err != nil {
			return "", parlatory.Secret{}, time.Time{}, err
		}
		c.Database.Refused(user)
	}
	return c.Database.Credentials(ctx)
}

// The owner's users come and go; what they make belongs to the role that stays.
func TestOwnersCredentialsMayChangeToo(t *testing.T) {
	serving, owner := postgres.Start(t)
	without, credentials, _ := issued(t, owner, nil)
	d := openIssued(t, Options{Postgres: serving, PostgresOwner: without, Owner: credentials})
	_, role := bare(t, owner)
	var foreign int
	if err := d.cluster.reads.QueryRowContext(t.Context(), "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tableowner <> $1", role).Scan(&foreign); err != nil || foreign != 0 {
		t.Error("tables of a user that will go:", foreign, err)
	}
	if err := write(d, permit(t, noteWrite, workspace()), func(tx *Tx) error { return post(tx, room(), 1) }); err != nil {
		t.Error(err)
	}
}

// Without the key server there is no way in, and that is said as what it is.
func TestNoCredentialsIsUnavailable(t *testing.T) {
	serving, owner := postgres.Start(t)
	without, _ := bare(t, serving)
	_, err := Open(context.Background(), Options{Postgres: without, PostgresOwner: owner, Credentials: none{}, Migrations: testFS(), Log: silent})
	if parlatory.KindOf(err) != parlatory.KindUnavailable {
		t.Error(err)
	}
}

type none struct{}

func (none) Credentials(context.Context) (string, parlatory.Secret, time.Time, error) {
	return "", parlatory.Secret{}, time.Time{}, fmt.Errorf("away")
}
func (none) Refused(string) {}
