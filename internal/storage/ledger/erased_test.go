package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"parlatory"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// contact makes the key of a contact and an entry about it.
func (r *rig) contact(name string) vault.Subject {
	r.t.Helper()
	s := vault.ContactKey(newID[parlatory.ContactKind]())
	_, w, err := r.ring.Mint(r.t.Context(), r.ws, s)
	if err != nil {
		r.t.Fatal(err)
	}
	r.shelf.put(w)
	r.witness(r.actor(), Entry{Action: Created, Element: "Contact", ID: s.ID, New: map[string]string{"name": name}}, s)
	return s
}

// numbered is an entry as the page shows it.
func (r *rig) numbered(n int64) Record {
	r.t.Helper()
	for _, rec := range r.list(Filter{}) {
		if rec.Number == n {
			return rec
		}
	}
	r.t.Fatalf("no entry %d", n)
	return Record{}
}

func TestTakenValuesAreNotErased(t *testing.T) {
	onBoth(t, func(t *testing.T, o db.Options) {
		r := newRig(t, o)
		r.witness(r.actor(), sample(0))
		r.settle() // ids of one millisecond have no order: number them one by one
		r.contact("Ada")
		r.settle()
		gone := r.contact("Grace")
		r.settle()
		r.shelf.erase(r.ws, gone)
		r.ring.Forget(r.ws, gone)
		verifies(t, r.export())
		for number, query := range map[int64]string{
			1: `UPDATE ledger_entries SET sealed = NULL WHERE workspace = $1 AND number = 1`,
			2: `UPDATE ledger_entries SET sealed = NULL WHERE workspace = $1 AND number = 2`,
		} {
			r.tamper(query)
			if rec := r.numbered(number); !rec.Damaged || rec.Erased {
				t.Errorf("the values of entry %d were taken: damaged %v, erased %v", number, rec.Damaged, rec.Erased)
			}
			if rec := r.numbered(3); !rec.Erased || rec.Damaged {
				t.Errorf("an erased contact: %+v", rec)
			}
		}
		breaks(t, "values set to NULL", r.export(), 1)
	})
}

// The key of the log itself is on the shelf or the log is damaged: nobody erases their own trail.
func TestTheLedgersKeyIsNeverErased(t *testing.T) {
	r := newRig(t, lite(t))
	r.fill(3)
	r.shelf.erase(r.ws, vault.LedgerSubject)
	r.ring.Forget(r.ws, vault.LedgerSubject)
	for _, rec := range r.list(Filter{}) {
		if !rec.Damaged || rec.Erased {
			t.Errorf("without the key: %+v", rec)
		}
	}
	breaks(t, "the ledger's key gone", r.export(), 1)
}

func TestAVersionThatNeverWasIsNoErasure(t *testing.T) {
	r := newRig(t, lite(t))
	r.contact("Ada")
	r.settle()
	r.tamper(`UPDATE ledger_entries SET sealed = substr(sealed, 1, 1) || x'000000ff' || substr(sealed, 6) WHERE workspace = $1`)
	if got := r.list(Filter{})[0]; !got.Damaged || got.Erased {
		t.Errorf("%+v", got)
	}
	breaks(t, "another version", r.export(), 1)
}

// A kind of key that no pen has does not hide the other entries, and is no way to call values erased.
func TestAnUnknownKeyIsDamage(t *testing.T) {
	for _, kind := range []string{"bogus", "contact", "index"} {
		r := newRig(t, lite(t))
		r.fill(3)
		r.tamper(`UPDATE ledger_entries SET subject_kind = $2, sealed = NULL WHERE workspace = $1 AND number = 2`, kind)
		if got := r.numbered(2); !got.Damaged || got.Erased || r.numbered(1).Damaged || r.numbered(3).Damaged {
			t.Errorf("%s: %+v", kind, got)
		}
		breaks(t, kind, r.export(), 2)
	}
}

// An export that says "erased" where nothing may be is refused, whoever wrote it.
func TestVerifyRefusesErasedLedgerValues(t *testing.T) {
	r := newRig(t, lite(t))
	r.fill(2)
	contact := r.contact("Ada")
	r.settle()
	all := lines(r.export())
	wipe := func(number int64) []byte {
		var out [][]byte
		for i, l := range all {
			if i > 0 && !isHead(l) {
				var e entryLine
				if err := json.Unmarshal(l, &e); err != nil {
					t.Fatal(err)
				}
				if e.Number == number {
					e.State, e.Salt, e.Values = erased, "", nil
					b, err := encodeJSON(e)
					if err != nil {
						t.Fatal(err)
					}
					l = append(b, '\n')
				}
			}
			out = append(out, l)
		}
		return bytes.Join(out, nil)
	}
	for _, n := range []int64{1, 2} {
		breaks(t, "erased under the ledger's key", wipe(n), n)
		_, err := Verify(bytes.NewReader(wipe(n)))
		var b *Broken
		if !errors.As(err, &b) || !strings.Contains(b.Reason, "never erased") {
			t.Errorf("the reason does not say what happened: %v", err)
		}
	}
	if rep := verifies(t, wipe(3)); rep.Erased != 1 {
		t.Errorf("the values of contact %v: %+v", contact.ID, rep)
	}
}
