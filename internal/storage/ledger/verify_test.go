package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"parlatory"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

func lite(t testing.TB) db.Options { return db.Options{SQLite: t.TempDir() + "/test.db"} }

// lines cuts an export; kinds says which lines are entries.
func lines(export []byte) [][]byte {
	all := bytes.SplitAfter(export, []byte("\n"))
	return all[:len(all)-1]
}

func isHead(line []byte) bool { return bytes.HasPrefix(line, []byte(`{"head":`)) }

// entryOf gives for each line the entry that an error about it may name: its own, or for a head the one before.
func entryOf(all [][]byte) []int64 {
	at := make([]int64, len(all))
	n := int64(0)
	for i, l := range all {
		if i > 0 && !isHead(l) {
			n++
		}
		at[i] = n
	}
	return at
}

func TestVerifyNamesEveryFlippedByte(t *testing.T) {
	r := newRig(t, lite(t))
	r.fill(5)
	export := r.export()
	if rep := verifies(t, export); rep.Entries != 5 || rep.Heads != 2 || rep.From.IsZero() || rep.To.Before(rep.From) {
		t.Fatalf("%+v", rep)
	}
	all := lines(export)
	names := entryOf(all)
	for i, l := range all {
		for j := range l {
			for _, flip := range []byte{0x01, 0x20, 0x80} {
				c := bytes.Clone(export)
				at := len(bytes.Join(all[:i], nil)) + j
				c[at] ^= flip
				_, err := Verify(bytes.NewReader(c))
				var b *Broken
				// A line end that is lost joins a line with the next, and a head whose first bytes change is taken for
				// the next entry: so that one number further is right as well. A header of another size is found at the end.
				if !errors.As(err, &b) || i > 0 && b.Number != names[i] && b.Number != names[i]+1 {
					t.Fatalf("line %d byte %d (%q) ^ %#x: %v, want entry %d", i, j, l[j], flip, err, names[i])
				}
			}
		}
	}
}

func TestVerifyFindsDroppedInsertedReordered(t *testing.T) {
	r := newRig(t, lite(t))
	r.fill(7) // heads at 3, 6, 7
	export := r.export()
	all := lines(export)
	names := entryOf(all)
	for i := 1; i < len(all); i++ {
		without := slices.Concat(all[:i:i], all[i+1:])
		_, err := Verify(bytes.NewReader(bytes.Join(without, nil)))
		if isHead(all[i]) && i < len(all)-1 {
			// A head between others may be left out: the next one signs the same and more.
			if err != nil {
				t.Errorf("without the head in line %d: %v", i, err)
			}
		} else {
			breaks(t, fmt.Sprintf("without line %d", i), bytes.Join(without, nil), map[bool]int64{false: names[i], true: 7}[isHead(all[i])])
		}
		doubled := slices.Concat(all[:i+1], all[i:])
		_, err = Verify(bytes.NewReader(bytes.Join(doubled, nil)))
		var b *Broken
		if !errors.As(err, &b) {
			t.Errorf("line %d twice: %v", i, err)
		}
		if i+1 < len(all) && !isHead(all[i]) && !isHead(all[i+1]) {
			swapped := slices.Clone(all)
			swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
			breaks(t, fmt.Sprintf("lines %d and %d exchanged", i, i+1), bytes.Join(swapped, nil), names[i])
		}
	}
	for cut := range len(export) - 1 {
		_, err := Verify(bytes.NewReader(export[:cut]))
		var b *Broken
		if !errors.As(err, &b) {
			t.Fatalf("cut at byte %d: %v", cut, err)
		}
	}
	breaks(t, "cut after entry 4", bytes.Join(all[:6], nil), 5)
	breaks(t, "cut in entry 5", append(bytes.Join(all[:6], nil), all[6][:30]...), 5)
	breaks(t, "nothing", nil, 0)
	breaks(t, "a blank line behind", append(bytes.Clone(export), '\n'), 8)
	breaks(t, "a huge line", append(bytes.Join(all[:2], nil), bytes.Repeat([]byte("x"), 3<<20)...), 2)
}

// An attacker who writes an export from nothing can make everything fit but the signature.
func TestVerifyFindsForgedHeads(t *testing.T) {
	r := newRig(t, lite(t))
	r.fill(4)
	export := r.export()
	all := lines(export)
	genuine := verifies(t, export)
	// Entry 2 says something else, its commitment, leaf and root are computed anew.
	forged, head := rewrite(t, all, 2, "Deleted")
	breaks(t, "a changed entry with its leaf made to fit", forged, 3)
	other, verifier := otherSigner(t, genuine.Origin)
	note, err := other.Sign(head)
	if err != nil {
		t.Fatal(err)
	}
	breaks(t, "a head by another key", replaceHead(forged, note), 3)
	// With the header's key exchanged too, the file agrees with itself: only the known key tells.
	own := bytes.Replace(replaceHead(forged, note), []byte(genuine.Verifier), []byte(verifier), 1)
	breaks(t, "another key in the header, genuine last head", own, 4)
	breaks(t, "another key than the known one", own, 0, Known{Verifier: genuine.Verifier})
	if rep := verifies(t, export, Known{Verifier: genuine.Verifier}); !rep.Pinned {
		t.Error("the known key was not compared")
	}
}

// rewrite changes the action of an entry and everything that follows from it up to the first head's text.
func rewrite(t *testing.T, all [][]byte, number int64, action string) (export []byte, head string) {
	t.Helper()
	var out [][]byte
	var tree frontier
	var origin headerLine
	if err := json.Unmarshal(all[0], &origin); err != nil {
		t.Fatal(err)
	}
	ws, err := workspaceOf(origin.Origin)
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range all {
		if i > 0 && !isHead(l) {
			var e entryLine
			if err := json.Unmarshal(l, &e); err != nil {
				t.Fatal(err)
			}
			if e.Number == number {
				e.Action = action
			}
			row, err := e.row()
			if err != nil {
				t.Fatal(err)
			}
			leaf := tlog.RecordHash(row.leaf(ws))
			e.Leaf = fmt.Sprintf("%x", leaf[:])
			tree.add(leaf)
			b, err := encodeJSON(e)
			if err != nil {
				t.Fatal(err)
			}
			l = append(b, '\n')
		}
		if isHead(l) && head == "" {
			head = checkpoint(origin.Origin, int64(i-1), tree.root())
		}
		out = append(out, l)
	}
	return bytes.Join(out, nil), head
}

func otherSigner(t *testing.T, origin string) (*vault.Signer, string) {
	t.Helper()
	r := newRig(t, lite(t))
	held, err := r.ring.Hold(t.Context(), parlatory.House, vault.LedgerSubject)
	if err != nil {
		t.Fatal(err)
	}
	b := vault.Binding{Table: "x", Row: [16]byte{1}}
	seed, verifier, err := vault.MintSigner(held, b, origin)
	if err != nil {
		t.Fatal(err)
	}
	s, err := vault.OpenSigner(held, b, seed, origin)
	if err != nil {
		t.Fatal(err)
	}
	return s, verifier
}

func replaceHead(export []byte, note string) []byte {
	all := lines(export)
	for i, l := range all {
		if isHead(l) {
			b, _ := encodeJSON(headLine{note})
			all[i] = append(b, '\n')
			break
		}
	}
	return bytes.Join(all, nil)
}

// Whoever has the database, the root key and so the signing key can rewrite history, and every file then agrees with
// itself: a head that was kept elsewhere shows it, and names where it must be older.
func TestEarlierCheckpointFindsARewrittenLedger(t *testing.T) {
	r := newRig(t, lite(t))
	r.fill(4)
	kept := r.head()
	if rep := verifies(t, r.export(), Known{Checkpoint: kept}); !rep.Earlier {
		t.Error("the checkpoint was not compared")
	}
	// The insider starts the log over with one entry less, signed with the true key.
	r.tamper(`DELETE FROM ledger_entries WHERE workspace = $1 AND number = 2`)
	r.startOver()
	r.settle()
	shorter := r.export()
	verifies(t, shorter)
	breaks(t, "one entry fewer", shorter, 4, Known{Checkpoint: kept})
	r.fill(3)
	longer := r.export()
	verifies(t, longer)
	breaks(t, "one entry fewer, others added", longer, 4, Known{Checkpoint: kept})
	breaks(t, "a checkpoint with a changed byte", longer, 0, Known{Checkpoint: strings.Replace(kept, "parlatory", "parlatorz", 1)})
}

func (r *rig) startOver() {
	r.tamper(`DELETE FROM ledger_heads WHERE workspace = $1`)
	r.tamper(`DELETE FROM ledger_hashes WHERE workspace = $1`)
	r.tamper(`UPDATE ledger_entries SET number = NULL WHERE workspace = $1`)
	r.tamper(`UPDATE ledger_logs SET size = 0 WHERE workspace = $1`)
}

// What a thief of the database alone can do, and what shows it.
func TestTamperedRowsAreNamed(t *testing.T) {
	for what, c := range map[string]struct {
		query  string
		number int64
	}{
		"an action":         {`UPDATE ledger_entries SET action = 'Viewed' WHERE workspace = $1 AND number = 2`, 2},
		"a time":            {`UPDATE ledger_entries SET at = at + 1 WHERE workspace = $1 AND number = 3`, 3},
		"an actor":          {`UPDATE ledger_entries SET actor = NULL WHERE workspace = $1 AND number = 1`, 1},
		"an act":            {`UPDATE ledger_entries SET act = 'chat.post' WHERE workspace = $1 AND number = 4`, 4},
		"a commitment":      {`UPDATE ledger_entries SET commitment = (SELECT commitment FROM ledger_entries WHERE workspace = $1 AND number = 1) WHERE workspace = $1 AND number = 2`, 2},
		"values moved":      {`UPDATE ledger_entries SET sealed = (SELECT sealed FROM ledger_entries WHERE workspace = $1 AND number = 1) WHERE workspace = $1 AND number = 2`, 2},
		"values of no form": {`UPDATE ledger_entries SET sealed = commitment WHERE workspace = $1 AND number = 2`, 2},
		"a row removed":     {`DELETE FROM ledger_entries WHERE workspace = $1 AND number = 3`, 3},
	} {
		t.Run(what, func(t *testing.T) {
			r := newRig(t, lite(t))
			r.fill(4)
			r.tamper(c.query)
			breaks(t, what, r.export(), c.number)
			r.list(Filter{}) // the page shows what it can
		})
	}
	r := newRig(t, lite(t))
	r.fill(4)
	r.tamper(`UPDATE ledger_entries SET sealed = (SELECT sealed FROM ledger_entries WHERE workspace = $1 AND number = 1) WHERE workspace = $1 AND number = 2`)
	if got := r.numbered(2); !got.Damaged || got.Remark != "" || r.numbered(3).Damaged {
		t.Errorf("%+v", got)
	}
}

// The sequencer does not sign on top of a tree that was changed on disk.
func TestTamperedHashesAreNotSigned(t *testing.T) {
	onBoth(t, func(t *testing.T, o db.Options) {
		r := newRig(t, o)
		r.fill(4)
		var block []byte
		r.system(actTamper, r.ws, func(tx *db.Tx) error {
			return tx.Row(`SELECT hashes FROM ledger_hashes WHERE workspace = $1`).Scan(&block)
		})
		block = bytes.Clone(block)
		block[6*tlog.HashSize] ^= 1 // the root over the four entries
		r.tamper(`UPDATE ledger_hashes SET hashes = $2 WHERE workspace = $1`, block)
		r.witness(r.actor(), sample(0))
		if err := r.Settle(t.Context(), r.ws); err == nil || !strings.Contains(err.Error(), "changed from outside") {
			t.Errorf("signed on top of changed hashes: %v", err)
		}
		if got := r.list(Filter{})[0]; got.Number != 0 {
			t.Error("an entry was numbered all the same")
		}
		if rep := verifies(t, r.export()); rep.Entries != 4 {
			t.Errorf("the export of what is signed: %+v", rep)
		}
		block[3*tlog.HashSize] ^= 1 // the third entry's leaf
		r.tamper(`UPDATE ledger_hashes SET hashes = $2 WHERE workspace = $1`, block)
		breaks(t, "a changed leaf", r.export(), 3)
	})
}

func TestASealedSignerDoesNotMove(t *testing.T) {
	r := newRig(t, lite(t))
	victim := r.ws
	r.fill(1)
	r.ws = newID[parlatory.WorkspaceKind]()
	r.found(r.ws)
	var seed vault.Sealed
	permit, err := r.law.System(actTamper, victim)
	if err != nil {
		t.Fatal(err)
	}
	err = r.db.Read(t.Context(), permit, func(tx *db.Tx) error {
		return tx.Row(`SELECT signer FROM ledger_logs WHERE workspace = $1`).Scan(&seed)
	})
	if err != nil {
		t.Fatal(err)
	}
	r.tamper(`UPDATE ledger_logs SET signer = $2 WHERE workspace = $1`, seed)
	r.witness(r.actor(), sample(0))
	if err := r.node(nil).Settle(t.Context(), r.ws); !errors.Is(err, vault.ErrOpen) {
		t.Errorf("a log signs with another's key: %v", err)
	}
}

func TestFrontierIsTheTree(t *testing.T) {
	var f frontier
	var stored []tlog.Hash
	read := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		var out []tlog.Hash
		for _, i := range at {
			out = append(out, stored[i])
		}
		return out, nil
	})
	for n := range int64(300) {
		leaf := fmt.Append(nil, n)
		fresh, err := tlog.StoredHashes(n, leaf, read)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, fresh...)
		f.add(tlog.RecordHash(leaf))
		want, err := tlog.TreeHash(n+1, read)
		if err != nil || f.root() != want {
			t.Fatalf("%d leaves: %v, want %v (%v)", n+1, f.root(), want, err)
		}
	}
}

// golden is an export that was made once: a change of it is a change of the format, made on purpose.
const golden = "testdata/export.jsonl"

func TestGoldenExport(t *testing.T) {
	if os.Getenv("PARLATORY_MAKE_VECTORS") != "" {
		r := newRig(t, lite(t))
		r.fill(5)
		if err := os.WriteFile(golden, r.export(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	export, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if rep := verifies(t, export); rep.Entries != 5 || rep.Heads != 2 {
		t.Errorf("%+v", rep)
	}
}

func FuzzVerify(f *testing.F) {
	export, err := os.ReadFile(golden)
	if err != nil {
		f.Fatal(err)
	}
	all := lines(export)
	var h headerLine
	if err := json.Unmarshal(all[0], &h); err != nil {
		f.Fatal(err)
	}
	f.Add(export)
	f.Add(bytes.Join(all[:5], nil))
	f.Add(all[0])
	// A file may leave out its first head: the report counts them. Nothing else may change, and no value be left out.
	f.Fuzz(func(t *testing.T, in []byte) {
		rep, err := Verify(bytes.NewReader(in), Known{Verifier: h.Verifier})
		if err == nil && rep.Entries > 0 && !bytes.Equal(in, export) && rep.Heads == 2 {
			t.Fatalf("a forged export verifies: %q", in)
		}
	})
}
