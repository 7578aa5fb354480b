package config

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/config.md anew")

// sound is a file that is taken, with its folders and files in place.
func sound(t *testing.T) (text, folder string) {
	t.Helper()
	folder = t.TempDir()
	for _, name := range []string{"tls.crt", "tls.key", "mail.password"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("x\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return fmt.Sprintf(`domain = "chat.example.com"
data = "%[1]s/data"
key_file = "%[1]s/root.key"
[[tls.files]]
certificate = "%[1]s/tls.crt"
key = "%[1]s/tls.key"
[smtp]
host = "mail.example.com"
user = "parlatory"
password_file = "%[1]s/mail.password"
from = "Parlatory <no-reply@chat.example.com>"
[limits]
requests_burst = 7
`, folder), folder
}

func TestSoundFile(t *testing.T) {
	text, folder := sound(t)
	path := filepath.Join(folder, "parlatory.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != ":443" || c.Limits.RequestsBurst != 7 || c.Limits.BodyBytes != 1<<20 || c.SMTP.Mode != "starttls" {
		t.Errorf("settings and defaults: %+v", c)
	}
	if c.Database.SQLite != folder+"/data/parlatory.db" {
		t.Errorf("database file %q", c.Database.SQLite)
	}
	if c.SMTP.Password.Reveal() != "x" {
		t.Error("the password of the file was not taken")
	}
	if s := fmt.Sprintf("%+v", c.SMTP); !strings.Contains(s, "[secret]") {
		t.Errorf("the password prints: %s", s)
	}
	if got := c.URL("acme"); got != "https://acme.chat.example.com" {
		t.Errorf("address %s", got)
	}
	c.PublicPort = 8443
	if got := c.URL(""); got != "https://chat.example.com:8443" {
		t.Errorf("address %s", got)
	}
}

func TestFaultsNameLineAndReason(t *testing.T) {
	for _, c := range []struct{ name, from, to, want string }{
		{"unknown key", "requests_burst = 7", "request_burst = 7", `:13: limits.request_burst: is no setting`},
		{"unknown table", "[limits]", "[limit]", `:12: limit`},
		{"wrong type", "requests_burst = 7", `requests_burst = "seven"`, `:13: limits.requests_burst: has the wrong type`},
		{"wrong type of text", `host = "mail.example.com"`, `host = 25`, `:8: smtp.host: has the wrong type`},
		{"no TOML", "[limits]", "[limits", `:12:`},
		{"twice", "requests_burst = 7", "requests_burst = 7\nrequests_burst = 8", "already"},
		{"range", "requests_burst = 7", "requests_burst = 0", `:13: limits.requests_burst: must be 1 to 1000000`},
		{"domain", `"chat.example.com"`, `"Chat"`, `:1: domain: is needed`},
		{"domain with address", `"chat.example.com"`, `"https://chat.example.com"`, `:1: domain:`},
		{"missing file", "/tls.key", "/none.key", `:6: tls.files[0].key:`},
		{"missing table", "[[tls.files]]", "[tls.acme]", `tls`},
		{"password file", "/mail.password", "/nothing", `:10: smtp.password_file:`},
		{"mode", "user =", "mode = \"ssl\"\nuser =", `:9: smtp.mode: must be one of`},
		{"plain mail abroad", "user =", "mode = \"plain\"\nuser =", `plain is for a mail server on this machine only`},
		{"sender", `from = "Parlatory <no-reply@chat.example.com>"`, `from = "nobody"`, `:11: smtp.from:`},
		{"missing data", "data = ", "# data = ", `data: is needed`},
	} {
		t.Run(c.name, func(t *testing.T) {
			text, _ := sound(t)
			changed := strings.Replace(text, c.from, c.to, 1)
			if changed == text {
				t.Fatal("the case changes nothing")
			}
			_, err := parse("p.toml", []byte(changed))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestNetworksOfProxies(t *testing.T) {
	text, _ := sound(t)
	for list, want := range map[string]string{
		`["10.0.0.5", "10.1.0.0/16", "fd00:5::/64", "::1"]`: "", `[]`: "",
		`["0.0.0.0/0"]`: "too wide", `["::/0"]`: "too wide", `["10.0.0.1", "0.0.0.0/1"]`: "entry 2 is too wide", `["10.0.0.5/24"]`: "10.0.0.0/24 is meant",
		`["::ffff:10.0.0.5"]`: "write it as IPv4", `["::ffff:0.0.0.0/96"]`: "write it as IPv4", `["010.0.0.5"]`: "is no address", `["proxy.example"]`: "is no address",
		`["10.0.0.5:443"]`: "is no address", `["fe80::1%eth0"]`: "is no address", `["10.0.0.1-10.0.0.9"]`: "is no address", `[""]`: "is no address", `"10.0.0.5"`: "wrong type",
		`["` + strings.Repeat(`10.0.0.5", "`, 64) + `10.0.0.5"]`: "more than 64",
	} {
		for _, key := range []string{"trusted_proxies", "proxy_protocol"} {
			c, err := parse("p.toml", []byte(key+" = "+list+"\n"+text))
			if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), ":1: "+key) || !strings.Contains(err.Error(), want)) {
				t.Errorf("%s = %s: %v", key, list, err)
			}
			if err == nil && list[1] == '"' && Networks(append(c.TrustedProxies, c.ProxyProtocol...))[0].String() != "10.0.0.5/32" {
				t.Errorf("%s: %v", list, c)
			}
		}
	}
}

func TestKeyFileApartFromData(t *testing.T) {
	text, folder := sound(t)
	if err := os.MkdirAll(folder+"/data", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(folder+"/data", folder+"/elsewhere"); err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{"/data/root.key", "/data/sub/root.key", "/data/../data/root.key", "/elsewhere/root.key"} {
		_, err := parse("p.toml", []byte(strings.Replace(text, "/root.key", place, 1)))
		if err == nil || !strings.Contains(err.Error(), ":3: key_file: lies inside the data folder") {
			t.Errorf("%s: %v", place, err)
		}
	}
	open := folder + "/open.key"
	if err := os.WriteFile(open, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := parse("p.toml", []byte(strings.Replace(text, "/root.key", "/open.key", 1))); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("open key file: %v", err)
	}
}

func TestPostgresNeedsTwoRoles(t *testing.T) {
	text, folder := sound(t)
	owner := filepath.Join(folder, "owner.url")
	if err := os.WriteFile(owner, []byte("postgres://owner:hunter2@db/parlatory\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	with := func(s string) error {
		_, err := parse("p.toml", []byte(text+"[database]\n"+s))
		return err
	}
	if err := with("postgres = \"postgres://serve:s@db/parlatory\"\npostgres_owner_file = \"" + owner + "\"\n"); err != nil {
		t.Errorf("two roles: %v", err)
	}
	for _, s := range []string{
		"postgres = \"postgres://serve:hunter2@db/parlatory\"\n",
		"postgres = \"postgres://owner:hunter2@db/parlatory\"\npostgres_owner_file = \"" + owner + "\"\n",
		"postgres = \"host=db password=hunter2\"\npostgres_owner_file = \"" + owner + "\"\n",
		"postgres = \"postgres://serve:hunter2@db/parlatory\"\npostgres_owner = \"postgres://o:hunter2@db/p\"\nsqlite = \"a.db\"\n",
		"postgres_owner = \"postgres://o:hunter2@db/p\"\n",
	} {
		err := with(s)
		if err == nil {
			t.Errorf("taken: %s", s)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the fault tells a password: %v", err)
		}
	}
}

// A wrong value may be a secret in the wrong place, so no fault repeats one.
func TestFaultsTellNoSecret(t *testing.T) {
	text, _ := sound(t)
	for _, s := range []string{"password = 4711", "password = [\"4711\"]", "password = \"4711", "passwort = \"4711\""} {
		_, err := parse("p.toml", []byte(strings.Replace(text, "user = ", s+"\nuser = ", 1)))
		if err == nil || strings.Contains(err.Error(), "4711") {
			t.Errorf("%s: %v", s, err)
		}
	}
}

func TestDescribeIsAFileToStartFrom(t *testing.T) {
	var b bytes.Buffer
	if err := Describe(&b); err != nil {
		t.Fatal(err)
	}
	_, err := parse("p.toml", b.Bytes())
	if err == nil || !strings.Contains(err.Error(), "tls: needs certificates") || strings.Count(err.Error(), "\n") > 0 {
		t.Errorf("only the certificates should be missing: %v", err)
	}
	open := strings.ReplaceAll(b.String(), "\n# [", "\n[")
	for line := range strings.Lines(b.String()) {
		if key, _, ok := strings.Cut(strings.TrimPrefix(line, "# "), " = "); ok && !strings.Contains(key, " ") {
			open = strings.Replace(open, line, strings.TrimPrefix(line, "# "), 1)
		}
	}
	if _, err := parse("p.toml", []byte(open)); err != nil && strings.Contains(err.Error(), "is no setting") {
		t.Errorf("a described key is none: %v", err)
	}
}

func TestPageIsFresh(t *testing.T) {
	var b bytes.Buffer
	if err := Markdown(&b); err != nil {
		t.Fatal(err)
	}
	const page = "../../docs/config.md"
	if *update {
		if err := os.WriteFile(page, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, _ := os.ReadFile(page)
	if !bytes.Equal(have, b.Bytes()) {
		t.Error("docs/config.md is stale: go test ./internal/config -update")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("domain = \"a.b\"\n[[tls.files]]\nkey=\"x\"\n"))
	f.Add([]byte("[limits]\nrequests_burst = nan\n'a b'.c = {d = [1, {e = 2}]}"))
	f.Fuzz(func(t *testing.T, text []byte) { _, _ = parse("f", text) })
}
