package keyserver

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
)

// Fields are the JSON of a request or an answer.
type Fields map[string]any

// Answer is what the server says: the fields of interest, and the rest of JSON in none of them.
type Answer struct {
	Status  int
	Data    Fields `json:"data"`
	Auth    Fields `json:"auth"`
	LeaseID string `json:"lease_id"`
	Errors  []string
}

// Try makes one call of the API with the root token, and gives whatever the server answers; the error is for no answer at all. The path
// stands without /v1/, and may begin with a namespace.
func (s *Server) Try(ctx context.Context, method, path string, in Fields) (Answer, error) {
	return s.TryAs(ctx, s.token, method, path, in)
}

// TryAs is Try with another token; with none for "".
func (s *Server) TryAs(ctx context.Context, token, method, path string, in Fields) (Answer, error) {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return Answer{}, err
		}
		body = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, s.ready.Address+"/v1/"+path, body)
	if err != nil {
		return Answer{}, err
	}
	if token != "" {
		r.Header.Set("X-Vault-Token", token)
	}
	resp, err := s.client.Do(r)
	if err != nil {
		return Answer{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return Answer{}, err
	}
	a := Answer{}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &a); err != nil {
			return Answer{}, fmt.Errorf("%s %s: %d is no JSON", method, path, resp.StatusCode)
		}
	}
	a.Status = resp.StatusCode
	return a, nil
}

func (s *Server) must(tb testing.TB, method, path string, in Fields) Answer {
	tb.Helper()
	a, err := s.Try(context.WithoutCancel(tb.Context()), method, path, in) // clean-ups call it too
	if err != nil {
		tb.Fatal(err)
	}
	if a.Status >= 300 {
		tb.Fatalf("%s %s: %d %q", method, path, a.Status, a.Errors)
	}
	return a
}

// Write posts fields to a path with the root token, and fails the test if the server refuses.
func (s *Server) Write(tb testing.TB, path string, in Fields) Answer {
	tb.Helper()
	return s.must(tb, http.MethodPost, path, in)
}

// Read gets a path.
func (s *Server) Read(tb testing.TB, path string) Answer {
	tb.Helper()
	return s.must(tb, http.MethodGet, path, nil)
}

// Delete deletes a path.
func (s *Server) Delete(tb testing.TB, path string) Answer {
	tb.Helper()
	return s.must(tb, http.MethodDelete, path, nil)
}

// Seal seals the server as an administrator in an emergency does.
func (s *Server) Seal(tb testing.TB) { tb.Helper(); s.must(tb, http.MethodPut, "sys/seal", Fields{}) }

// Unseal opens a sealed server, and waits until it serves.
func (s *Server) Unseal(tb testing.TB) {
	tb.Helper()
	s.must(tb, http.MethodPut, "sys/unseal", Fields{"key": s.key})
	s.must(tb, http.MethodGet, "sys/health", nil)
}

// name makes a name that nobody else in the process has.
func (s *Server) name(prefix string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	return prefix + strconv.Itoa(s.count)
}

// Mount mounts an engine at a fresh path, under a namespace if one is given ("team/" or "").
func (s *Server) Mount(tb testing.TB, namespace, kind string) (path string) {
	tb.Helper()
	path = s.name(kind + "-")
	s.Write(tb, namespace+"sys/mounts/"+path, Fields{"type": kind})
	return path
}

// SignIn turns a way of signing in on at a fresh path.
func (s *Server) SignIn(tb testing.TB, namespace, kind string) (path string) {
	tb.Helper()
	path = s.name(kind + "-")
	s.Write(tb, namespace+"sys/auth/"+path, Fields{"type": kind})
	return path
}

// Namespace makes a namespace and gives its name.
func (s *Server) Namespace(tb testing.TB) string {
	tb.Helper()
	name := s.name("team-")
	s.Write(tb, "sys/namespaces/"+name, Fields{})
	return name
}

// Policy writes a policy under a fresh name: lines of a path and its capabilities, as in "transit/encrypt/k update".
func (s *Server) Policy(tb testing.TB, namespace string, lines ...string) (name string) {
	tb.Helper()
	var text strings.Builder
	for _, l := range lines {
		f := strings.Fields(l)
		fmt.Fprintf(&text, "path %q { capabilities = [", f[0])
		for i, c := range f[1:] {
			if i > 0 {
				text.WriteString(", ")
			}
			fmt.Fprintf(&text, "%q", c)
		}
		text.WriteString("] }\n")
	}
	name = s.name("policy-")
	s.Write(tb, namespace+"sys/policies/acl/"+name, Fields{"policy": text.String()})
	return name
}

// AppRole is a role of a fresh AppRole mount.
type AppRole struct {
	Mount, Name, RoleID, SecretID string
	server                        *Server
	namespace                     string
}

// AppRole makes a role with policies; more are fields of the role, such as token_ttl.
func (s *Server) AppRole(tb testing.TB, namespace string, policies []string, more Fields) AppRole {
	tb.Helper()
	mount := s.SignIn(tb, namespace, "approle")
	a := AppRole{Mount: mount, Name: "parlatory", server: s, namespace: namespace}
	fields := Fields{"token_policies": policies, "token_ttl": "1h"}
	for k, v := range more {
		fields[k] = v
	}
	at := namespace + "auth/" + mount + "/role/" + a.Name
	s.Write(tb, at, fields)
	a.RoleID = s.Read(tb, at+"/role-id").Data["role_id"].(string)
	a.SecretID = s.Write(tb, at+"/secret-id", Fields{}).Data["secret_id"].(string)
	return a
}

// Withdraw deletes the role: its secret no longer signs in. Tokens that it has given out go on; see RevokeTokens.
func (a AppRole) Withdraw(tb testing.TB) {
	tb.Helper()
	a.server.Delete(tb, a.namespace+"auth/"+a.Mount+"/role/"+a.Name)
}

// RevokeTokens ends every token that the mount has given out. The role can sign in again.
func (a AppRole) RevokeTokens(tb testing.TB) {
	tb.Helper()
	a.server.must(tb, http.MethodPut, a.namespace+"sys/leases/revoke-prefix/auth/"+a.Mount, Fields{"sync": true})
}

// SecretFile writes text into a file of the test's own, mode 0600.
func SecretFile(tb testing.TB, text string) string {
	tb.Helper()
	f, err := os.CreateTemp(tb.TempDir(), "secret-")
	if err == nil {
		_, err = f.WriteString(text)
	}
	if err != nil {
		tb.Fatal(err)
	}
	if err := f.Close(); err != nil {
		tb.Fatal(err)
	}
	return f.Name()
}
