package app

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"parlatory/internal/config"
	"parlatory/internal/guard/vault"
	"parlatory/test/keyserver"
	"parlatory/test/postgres"
)

// engine lends members of a URL's role, and gives the URL without its password.
func engine(t *testing.T, s *keyserver.Server, full string) (keyserver.Database, string) {
	t.Helper()
	u, err := url.Parse(full)
	if err != nil {
		t.Fatal(err)
	}
	pg := postgres.Shared(t)
	text := fmt.Sprintf("DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'lender') THEN CREATE ROLE lender SUPERUSER LOGIN PASSWORD '%s'; END IF; END $$", pg.Password())
	if err := pg.SQL("postgres", text); err != nil {
		t.Fatal(err)
	}
	d := s.Database(t, pg.URL("lender", strings.TrimPrefix(u.Path, "/")), u.User.Username(), nil)
	u.User = url.User(u.User.Username())
	return d, u.String()
}

// A program whose root key and database users are a key server's founds its house and opens it again; without the key none is founded.
func TestProgramOnAKeyServer(t *testing.T) {
	s := keyserver.Shared(t)
	k := s.Transit(t, "", "parlatory")
	serving, owner := postgres.Start(t)
	serve, servingURL := engine(t, s, serving)
	own, ownerURL := engine(t, s, owner)
	policies := []string{k.Policy(t), serve.Policy(t), own.Policy(t)}
	a := s.AppRole(t, "", policies, nil)
	c := config.Default()
	c.Domain, c.Data, c.RootKey = "chat.example.com", t.TempDir(), "key_server"
	c.Files.Folder = filepath.Join(c.Data, "files")
	c.SMTP.Host, c.SMTP.From = "mail.example.com", "Parlatory <no-reply@chat.example.com>"
	c.Database.Postgres, c.Database.PostgresOwner = servingURL, ownerURL
	c.KeyServer.Address, c.KeyServer.CAFile, c.KeyServer.Mount, c.KeyServer.Key = s.Address(), s.CAFile(), k.Mount, k.Name
	c.KeyServer.AppRoleMount, c.KeyServer.AppRoleID, c.KeyServer.AppRoleSecretFile = a.Mount, a.RoleID, keyserver.SecretFile(t, a.SecretID)
	open := func() error {
		// Both roles stand on mounts of their own here, so that each gets its own part of the plan.
		c.KeyServer.DatabaseMount, c.KeyServer.DatabaseRole, c.KeyServer.DatabaseOwnerRole = serve.Mount, serve.Role, ""
		plan, err := planOf(t.Context(), c, slog.New(slog.DiscardHandler))
		if err != nil {
			return err
		}
		line, err := keyServer(c, plan.Log)
		if err != nil {
			return err
		}
		if plan.Database.Owner, err = line.Database(own.Mount, own.Role); err != nil {
			return err
		}
		if len(plan.Jobs) != 1 {
			t.Error("nobody keeps the credentials fresh")
		}
		p, err := Open(t.Context(), plan)
		if err != nil {
			return err
		}
		return errors.Join(p.DB.Ping(t.Context()), p.close(), p.DB.Close())
	}
	for _, when := range []string{"first", "second"} {
		if err := open(); err != nil {
			t.Fatal(when, "start:", err)
		}
	}
	k.Destroy(t)
	c.KeyServer.DatabaseRole, c.Database = "", config.Database{SQLite: filepath.Join(c.Data, "new.db")}
	plan, err := planOf(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), plan); !errors.Is(err, vault.ErrWithdrawn) {
		t.Error("a house founded without the root key:", err)
	}
	serve.Revoke(t)
	own.Revoke(t)
}
