package api_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestBodyOverAMegabyte: front bounds bodies, by limits.body_bytes; there is no second bound behind it.
func TestBodyOverAMegabyte(t *testing.T) {
	w := newWorld(t)
	_, admin := w.Founded(t, "acme")
	got := w.call(t, admin, "POST", "/api/v1/security/visitor-list/csv", map[string]any{"list": "block", "csv": "192.0.2.1," + strings.Repeat("x", 3<<19), "dry_run": true})
	if got.Code != http.StatusOK {
		t.Errorf("%d %.200s", got.Code, got.Body)
	}
}
