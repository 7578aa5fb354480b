package app

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"parlatory/internal/domain/workspace"
	"parlatory/internal/outbound/mail"
)

func mailbox(t *testing.T, texts ...string) *mail.Kept {
	t.Helper()
	box := mail.NewKept()
	for _, text := range texts {
		if err := box.Send(context.Background(), workspace.Mail{To: "dana@acme.example", Subject: "Mail <of> " + text[:1], Text: text, HTML: "<b>html</b>"}); err != nil {
			t.Fatal(err)
		}
	}
	return box
}

func get(box *mail.Kept, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	MailPage(box).ServeHTTP(w, httptest.NewRequest("GET", "https://mail.localhost"+path, nil))
	return w
}

func TestMailPageShowsTextAndLinks(t *testing.T) {
	box := mailbox(t, "1 old", "2 Open https://acme.parlatory.localhost:8443/invitation#k=a_b-c.\n<script>alert(1)</script> javascript:alert(2) http://plain.example/")
	page := get(box, "/").Body.String()
	if !strings.Contains(page, `<a href="https://acme.parlatory.localhost:8443/invitation#k=a_b-c" rel="noreferrer">https://acme.parlatory.localhost:8443/invitation#k=a_b-c</a>.`) {
		t.Errorf("the link is not a link: %s", page[strings.Index(page, "<main>"):])
	}
	for _, bad := range []string{"<script", `href="javascript`, `href="http:`, "<of>", "<b>html"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	if strings.Index(page, `href="/2"`) > strings.Index(page, `href="/1"`) {
		t.Error("not newest first")
	}
	if old := get(box, "/1").Body.String(); !strings.Contains(old, `href="/1" aria-current="page"`) {
		t.Error("mail 1 is not shown")
	}
	if w := get(box, "/99"); w.Code != 404 || !strings.Contains(w.Body.String(), "not here any more") {
		t.Errorf("a mail that is gone: %d", w.Code)
	}
	if policy := get(box, "/").Header().Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") || !strings.HasPrefix(policy, "default-src 'none'") {
		t.Errorf("policy %q", policy)
	}
}

func TestMailsForScripts(t *testing.T) {
	var got struct {
		Items []struct{ To, Subject, Text string }
	}
	if err := json.Unmarshal(get(mailbox(t, "1 a", "2 b"), "/mails.json").Body.Bytes(), &got); err != nil || len(got.Items) != 2 || got.Items[0].Text != "2 b" {
		t.Errorf("%v %+v", err, got)
	}
	if page := get(mail.NewKept(), "/").Body.String(); !strings.Contains(page, "No mail yet") {
		t.Error("an empty box has no words for it")
	}
}
