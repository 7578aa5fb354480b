package keyserver

import (
	"crypto/rand"
	"errors"
	"sync"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/guard/vault"
	"parlatory/test/keyserver"
)

// clock is set by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.at }

func (c *clock) pass(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.at = c.at.Add(d) }

func newClock() *clock { return &clock{at: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)} }

// leading is a line to a key by an AppRole.
func leading(t *testing.T, s *keyserver.Server, namespace string, k keyserver.Key, a keyserver.AppRole) Options {
	t.Helper()
	return Options{
		Address: s.Address(), Namespace: namespace, Mount: k.Mount, Key: k.Name, CAFile: s.CAFile(), Timeout: 20 * time.Second,
		Auth: Auth{AppRole: &AppRole{Mount: a.Mount, RoleID: a.RoleID, SecretID: parlatory.NewSecret(a.SecretID)}},
	}
}

func line(t *testing.T, o Options) *Line {
	t.Helper()
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// simple is a key, a role that may use it, and a line.
func simple(t *testing.T, s *keyserver.Server) (*Line, keyserver.Key, keyserver.AppRole) {
	t.Helper()
	k := s.Transit(t, "", "root")
	a := s.AppRole(t, "", []string{k.Policy(t)}, nil)
	return line(t, leading(t, s, "", k, a)), k, a
}

func fresh(t *testing.T) []byte {
	t.Helper()
	b := make([]byte, rawSize)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return b
}

func wrap(t *testing.T, l *Line, ad string) []byte {
	t.Helper()
	w, err := l.Wrap(t.Context(), fresh(t), []byte(ad))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// opens reports what Unwrap says: the error must be exactly one of the three, or none.
func opens(t *testing.T, l *Line, wrapped []byte, ad string) error {
	t.Helper()
	raw, err := l.Unwrap(t.Context(), wrapped, []byte(ad))
	if (err == nil) != (len(raw) == rawSize) {
		t.Error("a key beside an error, or none without one:", err)
	}
	sorts := 0
	for _, e := range []error{vault.ErrAway, vault.ErrWithdrawn, vault.ErrOpen} {
		if errors.Is(err, e) {
			sorts++
		}
	}
	if err != nil && sorts != 1 {
		t.Error("the error is of", sorts, "sorts:", err)
	}
	return err
}

func wantErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v, not %v", what, got, want)
	}
}
