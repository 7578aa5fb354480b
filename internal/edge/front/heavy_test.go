package front

import (
	"context"
	"strings"
	"testing"

	"parlatory"
)

// One operation takes a large body, from staff who may do it, one at a time of a workspace. Who may not is told so before a byte is read,
// and no other operation takes more than before.
func TestHeavyBodies(t *testing.T) {
	var no error
	h := start(t, func(o *Options) {
		o.Heavy = map[string]Heavy{"POST /api/v1/list": {Body: 3 << 20, May: func(_ context.Context, a parlatory.Actor) error {
			if a.Staff != dana {
				t.Errorf("%v is asked about", a)
			}
			return no
		}}}
	})
	text := func(n int) string { return `"` + strings.Repeat("a", n-2) + `"` }
	own := []string{"Origin", h.origin(acmeHost), "Content-Type", "application/json"}
	staff := append(own[:4:4], "Cookie", "__Host-session=dana")
	for name, c := range map[string]struct {
		path    string
		size    int
		headers []string
		no      error
		want    int
	}{
		"fits":            {"/api/v1/list", 3 << 20, staff, nil, 200},
		"too much":        {"/api/v1/list", 3<<20 + 1, staff, nil, 413},
		"may not":         {"/api/v1/list", 2 << 20, staff, parlatory.Forbidden(), 403},
		"owes a step-up":  {"/api/v1/list", 2 << 20, staff, parlatory.Fail(parlatory.KindStepUp, "Please confirm."), 403},
		"small, may not":  {"/api/v1/list", 1000, staff, parlatory.Forbidden(), 200}, // the room's question
		"nobody":          {"/api/v1/list", 64<<10 + 1, own, nil, 413},
		"another path":    {"/api/v1/lists", 1<<20 + 1, staff, nil, 413},
		"and fits again":  {"/api/v1/list", 2 << 20, staff, nil, 200},
		"an API token":    {"/api/v1/list", 2 << 20, []string{"Content-Type", "application/json", "Authorization", "Bearer " + tokenPrefix + "dana"}, parlatory.Forbidden(), 403},
		"a wrong session": {"/api/v1/list", 64<<10 + 1, append(own[:4:4], "Cookie", "__Host-session=gone"), nil, 413},
	} {
		no = c.no
		before := h.reached()
		a := h.ask(t, "POST", acmeHost, c.path, text(c.size), c.headers...)
		if a.StatusCode != c.want || (h.reached() > before) != (c.want == 200) {
			t.Errorf("%s: %d", name, a.StatusCode)
		}
	}
	no = nil
	if !h.heavies.take(acme) {
		t.Fatal("a place was not given back")
	}
	if a := h.ask(t, "POST", acmeHost, "/api/v1/list", text(2<<20), staff...); a.StatusCode != 429 || a.Header.Get("Retry-After") == "" {
		t.Errorf("a second one at once: %d", a.StatusCode)
	}
	h.heavies.give(acme)
}
