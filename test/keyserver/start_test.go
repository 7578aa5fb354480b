package keyserver

import (
	"context"
	"net/http"
	"os"
	"testing"
	"time"
)

func try(t *testing.T, s *Server) (int, error) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	a, err := s.Try(ctx, http.MethodGet, "sys/health", nil)
	return a.Status, err
}

// State outlives a kill; a seal is what it says; secrets on disk are the owner's alone.
func TestStateOutlivesKills(t *testing.T) {
	s := Start(t)
	k := s.Transit(t, "", "root")
	k.Rotate(t)
	s.Kill(t)
	if _, err := try(t, s); err == nil {
		t.Fatal("a killed server answers")
	}
	s.Again(t)
	if v := s.Read(t, k.Mount+"/keys/root").Data["latest_version"]; v != 2.0 {
		t.Fatal("version after a kill:", v)
	}
	s.Seal(t)
	if status, _ := try(t, s); status != http.StatusServiceUnavailable {
		t.Fatal("sealed, it answers", status)
	}
	s.Unseal(t)
	s.AgainSealed(t)
	if status, _ := try(t, s); status != http.StatusServiceUnavailable {
		t.Fatal("started sealed, it answers", status)
	}
	s.Unseal(t)
	s.Read(t, k.Mount+"/keys/root")
	for _, path := range []string{s.ready.TokenFile, s.ready.KeyFile, s.folder + "/server.key"} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Error(path, info, err)
		}
	}
}

func TestNamespacesAndRoles(t *testing.T) {
	s := Shared(t)
	ns := s.Namespace(t) + "/"
	k := s.Transit(t, ns, "root")
	a := s.AppRole(t, ns, []string{k.Policy(t)}, nil)
	login := s.Write(t, ns+"auth/"+a.Mount+"/login", Fields{"role_id": a.RoleID, "secret_id": a.SecretID})
	token := login.Auth["client_token"].(string)
	for path, want := range map[string]int{ns + k.Mount + "/keys/root": http.StatusOK, ns + k.Mount + "/keys/other": http.StatusForbidden} {
		if got, err := s.TryAs(t.Context(), token, http.MethodGet, path, nil); err != nil || got.Status != want {
			t.Error(path, got.Status, err)
		}
	}
}
