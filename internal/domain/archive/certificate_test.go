package archive_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/archive"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/backup"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

func TestCertificateSaysWhatWasDone(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		p := v.talked(t)
		e := v.erase(t, p)
		all, verifier, err := v.archive.Erasures(t.Context(), v.admin, parlatory.RowID{}, 0)
		v.must(t, err)
		if len(all) != 1 || all[0] != e || e.Certificate == "" {
			t.Fatalf("%+v", all)
		}
		note, err := v.archive.CertificateOf(t.Context(), v.admin, e.ID)
		v.must(t, err)
		c, err := archive.VerifyCertificate(note, verifier)
		v.must(t, err)
		for field, want := range map[string]string{
			"workspace": v.ws.String(), "contact": p.id().String(), "erasure": e.ID.String(), "messages": "5", "enquiries": "1", "stored files": "2",
			"erased at": e.At.UTC().Format(time.RFC3339Nano), "key versions destroyed": "1", "visitor tokens": "1", "ledger": domaintest.Domain + "/" + v.ws.String(),
		} {
			if c.Fields[field] != want {
				t.Errorf("%s: %q, want %q", field, c.Fields[field], want)
			}
		}
		if !strings.HasPrefix(c.Fields["erased by"], v.admin.Staff.String()+" Ada of acme") || strings.Contains(note, secret) || strings.Contains(note, "by letter") {
			t.Errorf("%s", note)
		}
		until := e.At.Add(31 * 24 * time.Hour).UTC().Format("2006-01-02T15")
		if !strings.Contains(c.Fields["complete in backups"], until) {
			t.Errorf("backups: %s, want %s", c.Fields["complete in backups"], until)
		}
		for _, word := range []string{"SIEM", "mail", "archives and exports that the customer holds"} {
			if !strings.Contains(c.Fields["not reached"], word) {
				t.Errorf("%s is not named", word)
			}
		}
		// The entry that it names is the one of the erasure, and the key that signed it stands in the same ledger.
		records, err := v.audit.List(t.Context(), v.admin, ledger.Filter{Limit: 200})
		v.must(t, err)
		entry, key := false, false
		for _, r := range records {
			entry = entry || strings.HasSuffix(c.Fields["ledger entry"], " "+r.ID.String()) && r.Action == ledger.Deleted && r.ElementID == p.id().Raw() && r.Remark == "asked for by letter"
			key = key || r.Element == "Archive key" && r.New["verifier"] == verifier
		}
		if !entry || !key {
			t.Errorf("entry found: %v, key found: %v", entry, key)
		}
		_, err = v.archive.CertificateOf(t.Context(), v.dana, e.ID)
		is(t, err, parlatory.KindForbidden)
		_, foreign := v.Founded(t, "other")
		_, err = v.archive.CertificateOf(t.Context(), foreign, e.ID)
		is(t, err, parlatory.KindNotFound)
	})
}

func TestCertificateRefusesOneChangedByte(t *testing.T) {
	v := newWorld(t, domaintest.New(t, setup.Acts...))
	e := v.erase(t, v.talked(t))
	_, verifier, err := v.archive.Erasures(t.Context(), v.admin, parlatory.RowID{}, 0)
	v.must(t, err)
	for i := range len(e.Certificate) {
		b := []byte(e.Certificate)
		b[i] ^= 1
		if _, err := archive.VerifyCertificate(string(b), verifier); !errors.Is(err, vault.ErrNote) {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
	if _, err := archive.VerifyCertificate(e.Certificate+"x", verifier); !errors.Is(err, vault.ErrNote) {
		t.Errorf("one byte more: %v", err)
	}
	_, foreign := v.Founded(t, "other")
	_, another, err := v.archive.Erasures(t.Context(), foreign, parlatory.RowID{}, 0)
	v.must(t, err)
	if _, err := archive.VerifyCertificate(e.Certificate, another); !errors.Is(err, vault.ErrNote) {
		t.Errorf("another workspace's key: %v", err)
	}
	// The log's own head is signed too, and is no certificate; nor is the log's key the archive's.
	head, err := v.audit.Checkpoint(t.Context(), v.admin)
	v.must(t, err)
	if _, err := archive.VerifyCertificate(head, verifier); !errors.Is(err, vault.ErrNote) {
		t.Errorf("a head of the log: %v", err)
	}
}

// The sequencer, or a key, was away: the certificate comes later, and says the same.
func TestCertificateComesLater(t *testing.T) {
	v := newWorld(t, domaintest.New(t, setup.Acts...))
	e := v.erase(t, v.talked(t))
	v.Look(v.ws, func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE erasures SET certificate = NULL WHERE workspace = $1`)
		return err
	})
	v.must(t, v.archive.Work(t.Context()))
	again, err := v.archive.CertificateOf(t.Context(), v.admin, e.ID)
	v.must(t, err)
	if !strings.Contains(again, "ledger entry: ") || strings.Split(again, "ledger head")[0] != strings.Split(e.Certificate, "ledger head")[0] {
		t.Errorf("%s\nand before\n%s", again, e.Certificate)
	}
	// A row that was changed past the program is not certified again as something else.
	v.Look(v.ws, func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE erasures SET at = at - 1000000 WHERE workspace = $1`)
		return err
	})
	_, err = v.archive.CertificateOf(t.Context(), v.admin, e.ID)
	is(t, err, parlatory.KindInternal)
}

// The date is that of the parts of all nodes: one without a folder of its own certifies what another wrote, also where that one keeps
// fewer days by now; "none" stands only where no part was ever written.
func TestCertificatesKnowOfOtherNodesParts(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		first, second, third := v.talked(t), v.talked(t), v.talked(t)
		writes, folder := v.archive, v.parts
		v.parts = nil
		bare := v.room(w.DB, w.Ring, v.chat)
		said := func(p person) string {
			t.Helper()
			e := v.erase(t, p)
			c, err := archive.VerifyCertificate(e.Certificate, v.verifier(t))
			v.must(t, err)
			return c.Fields["complete in backups"]
		}
		v.archive = bare
		if got := said(first); !strings.HasPrefix(got, "none") {
			t.Errorf("before the first part: %s", got)
		}
		v.archive, v.parts = writes, folder
		v.back(t)
		until := w.Clock.Now().Add(31 * 24 * time.Hour).UTC().Format("2006-01-02T15")
		v.archive = bare
		if got := said(second); !strings.Contains(got, until) {
			t.Errorf("at a node without a folder: %s, want %s", got, until)
		}
		short, err := backup.OpenFolder(backup.Options{Path: filepath.Join(t.TempDir(), "other"), KeepDays: 2, Seal: v.recipient.Seal, Clock: w.Clock})
		v.must(t, err)
		v.parts = short
		v.archive = v.room(w.DB, w.Ring, v.chat)
		_, err = v.archive.BackUpKeys(t.Context(), operator)
		v.must(t, err)
		if got := said(third); !strings.Contains(got, until) {
			t.Errorf("after another node wrote a shorter one: %s, want %s", got, until)
		}
	})
}

func (v *world) verifier(t testing.TB) string {
	t.Helper()
	_, verifier, err := v.archive.Erasures(t.Context(), v.admin, parlatory.RowID{}, 1)
	v.must(t, err)
	return verifier
}
