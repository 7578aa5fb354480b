package abuse

import (
	"archive/zip"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parlatory/test/rig"
)

// TestErasedWhileListening: the visitor's socket is open and the staff's too when the contact is erased. The visitor's ends, the
// token is dead, nobody gets a word of what was said, and the certificate verifies outside of the server.
func TestErasedWhileListening(t *testing.T) {
	s := server(t)
	w := house(t, s)
	v := visit(t, w, "zqquestion")
	pickUp(t, w.Founder, v)
	l := must[*rig.Live](t)(v.Live(t.Context(), nil))
	defer l.Close()
	staff := must[*rig.Live](t)(w.Founder.Live(t.Context(), nil))
	defer staff.Close()
	check(t, staff.RPC(t.Context(), "chat.open", map[string]any{"room": v.Room}, nil))
	say(t, v, "zqsaid")
	erase := func() error {
		return w.Founder.Do(t.Context(), "POST", "/api/v1/contacts/"+v.Contact+"/erase", map[string]any{"confirm": v.Contact, "reason": "by letter"}, nil)
	}
	if err := erase(); code(err) != 409 {
		t.Errorf("while the conversation is open: %v", err)
	}
	export := must[[]byte](t)(w.Founder.Raw(t.Context(), "POST", "/api/v1/contacts/"+v.Contact+"/export", nil))
	if z, err := zip.NewReader(bytes.NewReader(export), int64(len(export))); err != nil || len(z.File) < 6 {
		t.Errorf("export of %d bytes: %v", len(export), err)
	}
	check(t, w.Founder.Do(t.Context(), "POST", "/api/v1/enquiries/"+v.Enquiry+"/close", nil, nil))
	check(t, erase())
	select {
	case <-l.Done():
	case <-time.After(soon):
		t.Error("the visitor's socket is open a second later")
	}
	if _, err := v.Live(t.Context(), nil); err == nil {
		t.Error("the dead token opens another socket")
	}
	if err := v.Do(t.Context(), "GET", "/widget/v1/enquiries", nil, nil); code(err) != 401 {
		t.Errorf("the dead token: %v", err)
	}
	for _, path := range []string{"/api/v1/enquiries?view=closed", "/api/v1/enquiries?view=all", "/api/v1/enquiries/" + v.Enquiry, "/api/v1/rooms/" + v.Room + "/messages", "/api/v1/audit"} {
		got := must[[]byte](t)(w.Founder.Raw(t.Context(), "GET", path, nil))
		if strings.Contains(string(got), "zq") || !strings.Contains(string(got), v.Enquiry) && !strings.Contains(path, "rooms") {
			t.Errorf("%s: %.400s", path, got)
		}
	}
	for _, path := range []string{"/reopen", "/block"} {
		if err := w.Founder.Do(t.Context(), "POST", "/api/v1/enquiries/"+v.Enquiry+path, map[string]any{}, nil); code(err) < 400 || code(err) >= 500 {
			t.Errorf("%s: %v", path, err)
		}
	}
	certificate(t, s, w)
}

// certificate takes the certificate to another machine.
func certificate(t *testing.T, s *rig.Server, w *rig.Workspace) {
	t.Helper()
	var list struct {
		Items    []struct{ ID string }
		Verifier string
	}
	check(t, w.Founder.Do(t.Context(), "GET", "/api/v1/erasures", nil, &list))
	note := must[[]byte](t)(w.Founder.Raw(t.Context(), "GET", "/api/v1/erasures/"+list.Items[0].ID+"/certificate", nil))
	file := filepath.Join(t.TempDir(), "erasure.txt")
	verify := func(text []byte, key string) error {
		check(t, os.WriteFile(file, text, 0o600))
		return exec.CommandContext(t.Context(), s.Binary, "audit", "verify-certificate", file, "--key", key).Run()
	}
	check(t, verify(note, list.Verifier))
	if verify(bytes.Replace(note, []byte("messages: "), []byte("messages: 1"), 1), list.Verifier) == nil {
		t.Error("a changed certificate verifies")
	}
	if !strings.Contains(string(note), "no backup of keys was ever written") {
		t.Errorf("%s", note)
	}
}
