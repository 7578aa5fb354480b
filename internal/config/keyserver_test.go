package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// onKeyServer is a sound file whose root key and database users come from a key server.
func onKeyServer(t *testing.T) string {
	t.Helper()
	text, folder := sound(t)
	if err := os.WriteFile(filepath.Join(folder, "secret"), []byte("hush\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text = strings.Replace(text, "key_file = \""+folder+"/root.key\"", "root_key = \"key_server\"", 1)
	return text + "[database]\npostgres = \"postgres://serve@db.example.com/chat?sslmode=verify-full\"\npostgres_owner = \"postgres://own@db.example.com/chat?sslmode=verify-full\"\n" +
		"[key_server]\naddress = \"https://keys.example.com\"\nkey = \"parlatory\"\napprole_id = \"role\"\napprole_secret_file = \"" + folder + "/secret\"\n" +
		"database_role = \"serve\"\ndatabase_owner_role = \"own\"\n"
}

func TestKeyServer(t *testing.T) {
	text := onKeyServer(t)
	c, err := parse("p.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if s := c.KeyServer; s.Mount != "transit" || s.DatabaseMount != "database" || s.AppRoleMount != "approle" {
		t.Errorf("defaults: %+v", s)
	}
	for _, c := range []struct{ from, to, want string }{
		{"https://keys", "http://keys", "key_server.address: must be https"},
		{"https://keys", "https://u:hush@keys", "key_server.address: must be https"},
		{`address = "https://keys.example.com"`, "", "key_server.address: is needed"},
		{`key = "parlatory"`, "", "key_server.key: is needed"},
		{`root_key = "key_server"`, `root_key = "vault"`, "root_key: must be one of"},
		{`root_key = "key_server"`, "", "key_file: is needed"},
		{`approle_id = "role"`, "", "key_server.approle_id: and"},
		{"/secret", "/none", "key_server.approle_secret_file:"},
		{`approle_id = "role"`, "approle_id = \"role\"\nkubernetes_role = \"pod\"", "exactly one way to sign in"},
		{"postgres_owner =", "# postgres_owner =", "key_server.database_owner_role: is set without"},
		{"approle_", "# approle_", "key_server"},
	} {
		changed := strings.Replace(text, c.from, c.to, 1)
		if changed == text {
			t.Fatal("the case changes nothing:", c.from)
		}
		_, err := parse("p.toml", []byte(changed))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: got %v\nwant %s", c.to, err, c.want)
		}
	}
	idle := strings.Replace(strings.Replace(strings.Replace(text, `root_key = "key_server"`, `key_file = "/etc/none/root.key"`, 1), "database_role", "# ", 1), "database_owner_role", "# ", 1)
	idle = strings.Replace(idle, `key = "parlatory"`, "# ", 1)
	if _, err := parse("p.toml", []byte(idle)); err == nil || !strings.Contains(err.Error(), "nothing uses it") {
		t.Error("a server that nothing uses:", err)
	}
}
