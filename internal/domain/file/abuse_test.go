package file_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/file"
	"parlatory/internal/storage/db"
)

// eicar is the test file that every scanner knows, put together so that none of them takes this source for it.
const eicar = `X5O!P%@AP[4\PZX54(P^)7CC)7}$` + `EICAR-STANDARD-` + `ANTIVIRUS-TEST-FILE!$H+H*`

// Names never lead anywhere: what is kept is the last step of a path, and no blob's name holds a byte of it.
func TestAC_095_NamesLeadNowhere(t *testing.T) {
	v := newWorld(t, domaintest.New(t, setup.Acts...))
	visitor, room := v.visit(t)
	for name, want := range map[string]string{
		"../../etc/passwd": "passwd", `..\..\windows\win.ini`: "win.ini", "/etc/cron.d/job": "job", `C:\boot.ini`: "boot.ini",
		"a/../../b.txt": "b.txt", "f/00/00/1-00": "1-00", "evil\n.txt": "evil .txt",
	} {
		f := v.upload(t, visitor, room, name, []byte("hello"))
		if f.Name != want {
			t.Errorf("%q is kept as %q", name, f.Name)
		}
		must(t, v.files.Drop(t.Context(), visitor, f.ID))
	}
	for _, name := range []string{"", "..", ".", "/", "../..", `..\..`, "a/..", "\x00", "a\x00b.txt", "a\u202egnp.exe", strings.Repeat("n", 201)} {
		if f, err := v.files.Begin(t.Context(), visitor, file.Beginning{Room: room, Client: client(), Name: name, Size: 5}); err == nil {
			t.Errorf("%q is kept as %q", name, f.Name)
		}
	}
	f := v.upload(t, visitor, room, "../../passwd.png", photo(t))
	must(t, v.post(t, visitor, room, f.ID))
	for _, name := range v.names(t) {
		if !strings.HasPrefix(name, "f/"+strings.ReplaceAll(v.ws.String(), "-", "")+"/"+strings.ReplaceAll(f.ID.String(), "-", "")+"/") ||
			strings.Contains(name, "passwd") || strings.Contains(name, "..") {
			t.Errorf("blob %s", name)
		}
	}
}

// A file that is not what it says is refused, its content is gone, and it can't be sent.
func TestAC_097_Disguises(t *testing.T) {
	v := newWorld(t, domaintest.New(t, setup.Acts...))
	visitor, room := v.visit(t)
	page := "<!doctype html><script>alert(1)</script>"
	poly := append(append([]byte{}, photo(t)[:33]...), page...)
	for name, body := range map[string][]byte{
		"page.png": []byte(page), "picture.pdf": photo(t), "poly.png": poly, "cut.png": photo(t)[:2000], "program.jpg": []byte("MZ\x90\x00 a program"),
	} {
		f := v.upload(t, visitor, room, name, body)
		if f.State != file.Refused || f.Reason == "" {
			t.Errorf("%s: %+v", name, f)
		}
		_, err := v.download(t, visitor, f.ID)
		is(t, err, parlatory.KindNotFound)
		is(t, v.post(t, visitor, room, f.ID), parlatory.KindConflict)
	}
	if n := v.names(t); len(n) != 0 {
		t.Errorf("content of refused files: %v", n)
	}
	// What is not known is bytes, and no picture.
	f := v.upload(t, visitor, room, "page.html", []byte(page))
	if f.State != file.Ready || f.Type != file.Octets || f.W != 0 {
		t.Errorf("page.html: %+v", f)
	}
}

// Malware is quarantined: nobody gets it, its sender is told, the ledger, the log and the metrics say so, and the administrator deletes it.
func TestAC_098_Malware(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		visitor, room := v.visit(t)
		f := v.upload(t, visitor, room, "invoice secret.txt", []byte(eicar))
		if f.State != file.Quarantined || f.Reason == "" {
			t.Fatalf("%+v", f)
		}
		is(t, v.post(t, visitor, room, f.ID), parlatory.KindConflict)
		_, err := v.download(t, visitor, f.ID)
		is(t, err, parlatory.KindForbidden)
		is(t, v.files.Drop(t.Context(), visitor, f.ID), parlatory.KindConflict)
		if n := v.Count(v.ws, "ledger_entries", "element = 'File' AND act = 'file.quarantine'"); n != 1 {
			t.Errorf("%d entries", n)
		}
		if n, _, _ := v.files.Tally(); n != 1 {
			t.Errorf("counted %d", n)
		}
		log := v.log.String()
		if !strings.Contains(log, "level=ERROR") || !strings.Contains(log, f.ID.String()) || strings.Contains(log, "secret") || strings.Contains(log, "Jonas") {
			t.Errorf("log: %s", log)
		}
		w.Clock.Advance(48 * time.Hour)
		must(t, v.files.Expire(t.Context())) // evidence stays
		v.admin.Proved = w.Clock.Now()
		p, err := v.files.List(t.Context(), v.admin, file.Query{State: file.Quarantined})
		if err != nil || len(p.Items) != 1 || p.Items[0].Found != "Eicar-Test-Signature" || p.Items[0].ByName != "Jonas" || p.Items[0].Name != "invoice secret.txt" {
			t.Fatalf("%+v, %v", p, err)
		}
		_, err = v.files.Download(t.Context(), v.admin, f.ID)
		if err == nil {
			t.Error("the administrator downloads malware")
		}
		is(t, v.files.Delete(t.Context(), v.dana, f.ID), parlatory.KindForbidden)
		must(t, v.files.Delete(t.Context(), v.admin, f.ID))
		if n := len(v.names(t)); n != 0 || v.entries("Deleted") != 1 {
			t.Errorf("%d blobs, %d entries of the deletion", n, v.entries("Deleted"))
		}
	})
}

// While the scanner does not answer, nobody gets a file; when it does, the check goes on by itself, with growing pauses.
func TestAC_098_NoAnswerIsNotClean(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		visitor, room := v.visit(t)
		v.scanner.set(errors.New("connection refused"))
		clean, bad := v.upload(t, visitor, room, "a.png", photo(t)), v.upload(t, visitor, room, "b.txt", []byte(eicar))
		for _, f := range []file.File{clean, bad} {
			if f.State != file.Checking {
				t.Fatalf("%+v", f)
			}
			is(t, v.post(t, visitor, room, f.ID), parlatory.KindConflict)
			_, err := v.download(t, visitor, f.ID)
			is(t, err, parlatory.KindConflict)
			_, err = v.files.Thumb(t.Context(), visitor, f.ID)
			is(t, err, parlatory.KindConflict)
		}
		asked := v.scanner.asked
		must(t, v.files.CheckDue(t.Context()))
		if v.scanner.asked != asked {
			t.Error("asked again at once")
		}
		w.Clock.Advance(6 * time.Second)
		must(t, v.files.CheckDue(t.Context()))
		w.Clock.Advance(6 * time.Second)
		must(t, v.files.CheckDue(t.Context()))
		if v.scanner.asked != asked+2 {
			t.Errorf("asked %d times, want twice: once for each, then a longer pause", v.scanner.asked-asked)
		}
		v.scanner.set(nil)
		w.Clock.Advance(time.Minute)
		must(t, v.files.CheckDue(t.Context()))
		got, err := v.files.Stand(t.Context(), visitor, clean.ID)
		if err != nil || got.State != file.Ready || got.W != 640 {
			t.Errorf("clean: %+v, %v", got, err)
		}
		if got, err = v.files.Stand(t.Context(), visitor, bad.ID); err != nil || got.State != file.Quarantined {
			t.Errorf("bad: %+v, %v", got, err)
		}
		must(t, v.post(t, visitor, room, clean.ID))
	})
}

// A file that the scanner will never take is refused with its reason, and does not wait for a better day.
func TestAC_098_BeyondTheScanner(t *testing.T) {
	v := newWorld(t, domaintest.New(t, setup.Acts...))
	visitor, room := v.visit(t)
	v.scanner.set(parlatory.Fail(parlatory.KindTooLarge, "This file is too large to be checked for malware."))
	f := v.upload(t, visitor, room, "a.txt", []byte("hello"))
	if f.State != file.Refused || f.Reason != "This file is too large to be checked for malware." {
		t.Errorf("%+v", f)
	}
	if n := len(v.names(t)); n != 0 {
		t.Errorf("%d blobs of it", n)
	}
}

// No way to a file leads past the ledger: each download is an entry, a look at a picture or at how the file stands a reading of the
// conversation; all of them before the first byte.
func TestAC_128_NothingIsReadUnwitnessed(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		visitor, room := v.visit(t)
		f := v.upload(t, visitor, room, "a.png", photo(t))
		must(t, v.post(t, visitor, room, f.ID))
		readings := func() int {
			return w.Count(v.ws, "ledger_entries", "element = 'Conversation' AND action = 'Viewed'")
		}
		look := map[string]func() error{
			"stand":    func() error { _, err := v.files.Stand(t.Context(), v.admin, f.ID); return err },
			"view":     func() error { c, err := v.files.View(t.Context(), v.admin, f.ID); return closed(c, err) },
			"thumb":    func() error { c, err := v.files.Thumb(t.Context(), v.admin, f.ID); return closed(c, err) },
			"download": func() error { c, err := v.files.Download(t.Context(), v.admin, f.ID); return closed(c, err) },
		}
		for name, do := range look {
			w.Clock.Advance(time.Hour) // the next hour's reading
			before, downloads := readings(), v.entries("Downloaded")
			must(t, do())
			if readings() != before+1 {
				t.Errorf("%s is no reading of the conversation", name)
			}
			if name == "download" {
				downloads++
				must(t, do()) // each one
				downloads++
			}
			if v.entries("Downloaded") != downloads {
				t.Errorf("%s: %d entries of downloads, want %d", name, v.entries("Downloaded"), downloads)
			}
		}
		// Where the entry can't be written, nothing is given: here since the member was suspended after the request was judged.
		w.Clock.Advance(time.Hour)
		v.Look(v.ws, func(tx *db.Tx) error {
			_, err := tx.Exec("UPDATE staff SET state = 'suspended' WHERE workspace = $1 AND id = $2", v.admin.Staff)
			return err
		})
		if err := look["download"](); err == nil {
			t.Error("a download without an entry")
		}
	})
}

func closed(c *file.Content, err error) error {
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, c)
	return errors.Join(err, c.Close())
}
