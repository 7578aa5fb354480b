package archive_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/backup"
	"parlatory/internal/storage/db"
)

// lose deletes the keys of contacts, as a broken disk might.
func (v *world) lose(t *testing.T) {
	t.Helper()
	v.Look(v.ws, func(tx *db.Tx) error {
		_, err := tx.Exec(`DELETE FROM subject_keys WHERE workspace = $1 AND kind = 'contact'`)
		return err
	})
}

// Lost keys come back by a part, and a destroyed one does not: neither by a part that was written before its end, nor by one that was
// written beside it.
func TestAC_131_DestroyedKeysStayDestroyed(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		p, other := v.talked(t), v.talked(t)
		before := v.back(t)
		v.erase(t, p)
		v.lose(t)
		if v.holds(t, other.id()) {
			t.Fatal("the key is not lost")
		}
		done, err := v.restore(t, before, v.identity)
		v.must(t, err)
		if done.Keys != 1 || done.Destroyed != 0 || v.holds(t, p.id()) || !v.holds(t, other.id()) {
			t.Errorf("%+v, erased: %v, lost: %v", done, v.holds(t, p.id()), v.holds(t, other.id()))
		}
		if n := v.Count(v.ws, "subject_keys", "subject = $2", p.id()); n != 0 {
			t.Errorf("%d versions of a destroyed key", n)
		}
		if done, err = v.restore(t, before, v.identity); err != nil || done.Keys != 0 {
			t.Errorf("a second time: %+v, %v", done, err)
		}
		v.verifies(t)
	})
}

// A database that is older than an erasure hears of it by a newer part, before anything of it is served.
func TestAC_131_OlderDatabaseLearnsOfErasures(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		p := v.talked(t)
		older := v.back(t)
		v.erase(t, p)
		w.Clock.Advance(time.Minute)
		newer := v.back(t)
		// The database of the day before: nothing says that the contact was erased.
		v.Look(v.ws, func(tx *db.Tx) error {
			for _, q := range []string{`DELETE FROM destroyed_keys WHERE workspace = $1`, `DELETE FROM leavings WHERE workspace = $1`, `UPDATE contacts SET erased_at = NULL WHERE workspace = $1`} {
				if _, err := tx.Exec(q); err != nil {
					return err
				}
			}
			return nil
		})
		if done, err := v.restore(t, older, v.identity); err != nil || done.Keys != 1 || !v.holds(t, p.id()) {
			t.Fatalf("%+v, %v", done, err)
		}
		done, err := v.restore(t, newer, v.identity)
		v.must(t, err)
		if done.Destroyed != 1 || v.holds(t, p.id()) || v.Count(v.ws, "contacts", "id = $2 AND erased_at IS NOT NULL", p.id()) != 1 {
			t.Errorf("%+v", done)
		}
		if n := v.Count(v.ws, "leavings", ""); n != 2 {
			t.Errorf("%d blobs of the erased contact wait to be deleted, want 2", n)
		}
		if done, err = v.restore(t, older, v.identity); err != nil || done.Keys != 0 || v.holds(t, p.id()) {
			t.Errorf("the older one again: %+v, %v", done, err)
		}
	})
}

func TestAC_131_PartsThatAreRefused(t *testing.T) {
	v := newWorld(t, domaintest.New(t, setup.Acts...))
	v.talked(t)
	part := v.back(t)
	v.lose(t)
	refused := func(what string, b []byte, id *vault.Identity, want error) {
		t.Helper()
		done, err := v.restore(t, b, id)
		if !errors.Is(err, want) || done.Keys != 0 || v.Count(v.ws, "subject_keys", "kind = 'contact'") != 0 {
			t.Errorf("%s: %+v, %v", what, done, err)
		}
	}
	for i := 0; i < len(part); i += 1 + len(part)/200 {
		b := bytes.Clone(part)
		b[i] ^= 1
		refused("a changed byte", b, v.identity, vault.ErrOpen)
		refused("cut", part[:i], v.identity, vault.ErrOpen)
	}
	refused("continued", append(bytes.Clone(part), part...), v.identity, vault.ErrOpen)
	file, _, err := vault.NewIdentity()
	v.must(t, err)
	stranger, err := vault.ParseIdentity([]byte(file))
	v.must(t, err)
	refused("another identity", part, stranger, vault.ErrOpen)
	v.Clock.Advance(31 * 24 * time.Hour)
	refused("older than it is kept", part, v.identity, backup.ErrOld)
}

// The recipient is public: whoever knows it can encrypt a part of their own, with a list of keys to destroy.
func TestAC_131_ForgedPart(t *testing.T) {
	v := newWorld(t, domaintest.New(t, setup.Acts...))
	p := v.talked(t)
	plain, err := v.identity.Open(bytes.NewReader(v.back(t)))
	v.must(t, err)
	text, err := io.ReadAll(plain)
	v.must(t, err)
	lines := bytes.SplitAfter(text, []byte("\n"))
	last := len(lines) - 2 // the signature; behind it is nothing
	evil := []byte(`{"destroyed":{"workspace":"` + v.ws.String() + `","kind":"contact","subject":"` + p.id().String() + `","at":"2026-01-01T00:00:00Z"}}` + "\n")
	for what, forged := range map[string][][]byte{
		"a line more":    append(append(append([][]byte{}, lines[:last]...), evil), lines[last]),
		"a line less":    append(append([][]byte{}, lines[:last-1]...), lines[last]),
		"no signature":   lines[:last],
		"behind the end": append(append([][]byte{}, lines[:last+1]...), evil),
		"a longer life":  append([][]byte{bytes.Replace(lines[0], []byte(`"until":"20`), []byte(`"until":"30`), 1)}, lines[1:last+1]...),
	} {
		b := bytes.Join(forged, nil)
		done, err := v.archive.RestoreKeys(t.Context(), operator, "x", func() (io.Reader, error) { return bytes.NewReader(b), nil })
		if !errors.Is(err, backup.ErrPart) || done.Destroyed != 0 || !v.holds(t, p.id()) {
			t.Errorf("%s: %+v, %v", what, done, err)
		}
	}
	_, err = v.archive.RestoreKeys(t.Context(), operator, "x", func() (io.Reader, error) { return bytes.NewReader(text), nil })
	v.must(t, err)
	for range 2 { // nobody else comes to the file, whether there is something to restore or not
		_, err = v.archive.RestoreKeys(t.Context(), v.now(v.admin), "x", func() (io.Reader, error) {
			t.Error("an administrator's file is read")
			return bytes.NewReader(text), nil
		})
		is(t, err, parlatory.KindForbidden)
		v.lose(t)
	}
}

func TestPartsAreWrittenDailyAndDeleted(t *testing.T) {
	v := newWorld(t, domaintest.New(t, setup.Acts...))
	v.talked(t)
	count := func(want int) {
		t.Helper()
		v.must(t, v.archive.Work(t.Context()))
		if all, err := v.parts.Parts(); err != nil || len(all) != want {
			t.Fatalf("%d parts, want %d: %v", len(all), want, err)
		}
	}
	count(1)
	v.Clock.Advance(23 * time.Hour)
	count(1)
	v.Clock.Advance(2 * time.Hour)
	count(2)
	for range 29 {
		v.Clock.Advance(25 * time.Hour)
		v.must(t, v.archive.Work(t.Context()))
	}
	all, err := v.parts.Parts()
	v.must(t, err)
	for _, p := range all {
		if v.Clock.Now().Sub(p.Written) > 31*24*time.Hour {
			t.Errorf("%s is still there", p.Name)
		}
		info, err := os.Stat(filepath.Join(v.folder, p.Name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", p.Name, info.Mode(), err)
		}
	}
	b := v.part(t)
	if !strings.HasPrefix(string(b), "age-encryption.org/v1\n") || len(all) > 31 {
		t.Errorf("%d parts; %.40q", len(all), b)
	}
}
