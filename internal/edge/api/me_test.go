package api_test

import (
	"encoding/json"
	"testing"

	"parlatory/internal/domain/role"
	"parlatory/internal/edge/api"
)

// TestMeSaysHowLargeAFileMayBe: a page refuses what is too large before a byte is sent, by the workspace's own limit.
func TestMeSaysHowLargeAFileMayBe(t *testing.T) {
	w := newWorld(t)
	ws, admin := w.Founded(t, "acme")
	agent := w.Hire(t, ws, role.Agent)
	most := func() int64 {
		rec := w.call(t, agent, "GET", "/api/v1/me", nil)
		want(t, rec, 200)
		var me api.Me
		if err := json.Unmarshal(rec.Body.Bytes(), &me); err != nil {
			t.Fatal(err)
		}
		return me.MaxFile
	}
	if got := most(); got != 100<<20 {
		t.Fatalf("at first: %d", got)
	}
	want(t, w.call(t, admin, "PUT", "/api/v1/storage/limit", api.StorageLimit{MaxFile: 2 << 20}), 200)
	if got := most(); got != 2<<20 {
		t.Fatalf("after the limit was lowered: %d", got)
	}
}
