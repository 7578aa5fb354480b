package archive_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/role"
	"parlatory/internal/guard/vault"
)

func unzip(t *testing.T, b []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := all[f.Name]; twice {
			t.Errorf("%s stands twice", f.Name)
		}
		all[f.Name] = string(text)
	}
	return all
}

func TestExportHoldsAllThatIsKept(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		p, other := v.talked(t), v.visit(t)
		_, err := v.archive.Place(t.Context(), v.now(v.admin), p.id(), "case 17")
		v.must(t, err)
		var b bytes.Buffer
		v.must(t, v.archive.Export(t.Context(), v.now(v.admin), p.id(), &b))
		all := unzip(t, b.Bytes())
		for name, parts := range map[string][]string{
			"contact.json":          {"Jonas " + secret, "jonas@example.com", `"site": "` + site},
			"enquiries.json":        {"About " + secret, `"Closed"`, "messages/000001.jsonl"},
			"messages/000001.jsonl": {"Answer " + secret, "Thanks " + secret, `"picked_up"`, `"visitor"`, `"staff"`},
			"ledger.jsonl":          {p.begun.Enquiry.String(), "case 17", "visitor.begin", p.actor.Address.String(), "archive.export"},
			"files/000001":          {"plans"},
			"files.jsonl":           {fileName, "files/000001"},
			"README.txt":            {"manifest.json"},
		} {
			for _, part := range parts {
				if !strings.Contains(all[name], part) {
					t.Errorf("%s lacks %q: %s", name, part, all[name])
				}
			}
		}
		whole := strings.Join([]string{all["enquiries.json"], all["ledger.jsonl"], all["contact.json"]}, "")
		if strings.Contains(whole, other.begun.Enquiry.String()) || strings.Contains(all["ledger.jsonl"], v.dana.Address.String()) {
			t.Error("somebody else's conversation, or the address of staff, is in it")
		}
		if strings.Contains(b.String(), p.token) || strings.Contains(whole, p.token) {
			t.Error("the token is in it")
		}
		v.checkManifest(t, all)
		seen := map[string]bool{}
		for line := range strings.Lines(all["ledger.jsonl"]) {
			var e struct{ ID string }
			if err := json.Unmarshal([]byte(line), &e); err != nil || seen[e.ID] {
				t.Errorf("line %s, %v", line, err)
			}
			seen[e.ID] = true
		}
	})
}

func (v *world) checkManifest(t *testing.T, all map[string]string) {
	t.Helper()
	var m struct {
		Members []struct {
			Name   string
			Bytes  int
			SHA256 string
		}
	}
	v.must(t, json.Unmarshal([]byte(all["manifest.json"]), &m))
	if len(m.Members) != len(all)-2 {
		t.Errorf("%d of %d members are in the manifest", len(m.Members), len(all))
	}
	for _, x := range m.Members {
		sum := sha256.Sum256([]byte(all[x.Name]))
		if len(all[x.Name]) != x.Bytes || hex.EncodeToString(sum[:]) != x.SHA256 {
			t.Errorf("%s is not what the manifest says", x.Name)
		}
		if strings.Contains(x.Name, "..") || strings.Contains(x.Name, "passwd") {
			t.Errorf("member named from outside: %s", x.Name) // AC-095
		}
	}
	_, verifier, err := v.archive.Erasures(t.Context(), v.admin, parlatory.RowID{}, 0)
	v.must(t, err)
	text, err := vault.OpenNote(all["manifest.json.note"], verifier)
	sum := sha256.Sum256([]byte(all["manifest.json"]))
	if err != nil || !strings.Contains(text, hex.EncodeToString(sum[:])) || !strings.HasPrefix(text, "parlatory contact export 1\n") {
		t.Errorf("%s, %v", text, err)
	}
}

// asked counts the entries of downloads at the moment at which the first byte goes out.
type asked struct {
	v     *world
	first int
	n     int
}

func (a *asked) Write(b []byte) (int, error) {
	if a.n == 0 {
		a.first = a.v.Count(a.v.ws, "ledger_entries", "act = 'archive.export' AND action = 'Downloaded'")
	}
	a.n += len(b)
	return len(b), nil
}

// The download is in the ledger before its first byte; whoever may not have it gets no byte, and no entry says that they had.
func TestAC_128_ExportIsWitnessedBeforeItIsReleased(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		p := v.talked(t)
		supervisor := v.Hire(t, v.ws, role.Supervisor)
		old := v.admin
		old.Proved = v.Clock.Now().Add(-time.Hour)
		_, foreign := v.Founded(t, "other")
		for what, c := range map[string]struct {
			who  parlatory.Actor
			kind parlatory.Kind
		}{
			"an agent": {v.now(v.dana), parlatory.KindForbidden}, "a supervisor": {v.now(supervisor), parlatory.KindForbidden}, "the visitor": {p.actor, parlatory.KindForbidden},
			"without a step-up": {old, parlatory.KindStepUp}, "another workspace": {v.now(foreign), parlatory.KindNotFound},
		} {
			to := &asked{v: v}
			if err := v.archive.Export(t.Context(), c.who, p.id(), to); parlatory.KindOf(err) != c.kind || to.n != 0 {
				t.Errorf("%s: %v, %d bytes", what, err, to.n)
			}
		}
		if n := v.Count(v.ws, "ledger_entries", "act = 'archive.export' AND action = 'Downloaded'"); n != 0 {
			t.Errorf("%d downloads are witnessed", n)
		}
		to := &asked{v: v}
		v.must(t, v.archive.Export(t.Context(), v.now(v.admin), p.id(), to))
		if to.first != 1 {
			t.Error("the first byte went out before the entry was committed")
		}
		v.erase(t, p)
		to = &asked{v: v}
		is(t, v.archive.Export(t.Context(), v.now(v.admin), p.id(), to), parlatory.KindConflict)
		if to.n != 0 {
			t.Error("bytes of an erased contact")
		}
	})
}
