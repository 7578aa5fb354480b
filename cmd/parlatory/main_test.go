package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func call(args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = run(args, strings.NewReader(""), &o, &e, func(*slog.Logger) {})
	return code, o.String(), e.String()
}

func TestExitCodes(t *testing.T) {
	dir := t.TempDir()
	wrong := filepath.Join(dir, "wrong.toml")
	if err := os.WriteFile(wrong, []byte("domain = \"chat.example.com\"\nlisten = 443\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"version", 0, "parlatory "},
		{"--help", 0, "serve"},
		{"config describe", 0, "key_file"},
		{"", 0, "Usage"},
		{"fly", 2, "--help"},
		{"serve", 2, "--config"},
		{"demo --seed=many", 2, "seed"},
		{"audit verify", 2, "file"},
		{"serve --config " + dir + "/none.toml", 1, "does not exist"},
		{"config check --config " + wrong, 1, "wrong.toml:2: listen: has the wrong type"},
		{"audit verify " + dir + "/none", 1, "export"},
		{"audit verify " + wrong, 1, "not what was signed"},
		{"demo --listen 0.0.0.0:0 --data " + dir + "/d", 1, "loopback"},
		{"keys create " + dir + "/none/root.key", 1, "key file"},
	} {
		code, out, errs := call(strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(out+errs, c.says) {
			t.Errorf("%q: %d %s %s", c.args, code, out, errs)
		}
		if code == 1 && strings.Count(errs, "\n") != 1 || code == 2 && strings.Count(errs, "\n") != 1 {
			t.Errorf("%q: not one line: %q", c.args, errs)
		}
	}
}

// Values that are gone under the ledger's own key are no erasure: exit code 1, and one line that names the entry.
func TestVerifyNamesTakenValues(t *testing.T) {
	export, err := os.ReadFile("../../internal/storage/ledger/testdata/export.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "export.jsonl")
	verify := func(b []byte) (int, string, string) {
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return call("audit", "verify", file)
	}
	if code, out, errs := verify(export); code != 0 || !strings.Contains(out, "sound") || strings.Contains(out, "erased") {
		t.Fatalf("%d %s %s", code, out, errs)
	}
	lines := bytes.SplitAfter(export, []byte("\n"))
	for i, l := range lines {
		if bytes.HasPrefix(l, []byte(`{"number":2,`)) {
			values := bytes.Index(l, []byte(`,"salt":`))
			lines[i] = append(bytes.Clone(l[:values]), []byte(`,"state":"erased"}`+"\n")...)
		}
	}
	code, out, errs := verify(bytes.Join(lines, nil))
	if code != 1 || out != "" || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, "not what was signed: entry 2: its values are gone") || !strings.Contains(errs, "never erased") {
		t.Errorf("%d %q %q", code, out, errs)
	}
}

func TestKeysCreateNeverOverwrites(t *testing.T) {
	file := filepath.Join(t.TempDir(), "root.key")
	if code, _, errs := call("keys", "create", file); code != 0 {
		t.Fatal(errs)
	}
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if code, _, _ := call("keys", "create", file); code != 1 {
		t.Error("a second key was made")
	}
	if after, _ := os.ReadFile(file); !bytes.Equal(before, after) {
		t.Error("the key was changed")
	}
	if s, _ := os.Stat(file); s.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", s.Mode())
	}
}

func TestEveryFaultOfTheConfigurationIsALine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "p.toml")
	if err := os.WriteFile(file, []byte("domain = \"x\"\n[log]\nlevel = \"loud\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, errs := call("config", "check", "--config", file)
	if !strings.Contains(errs, "p.toml:1: domain:") || !strings.Contains(errs, "p.toml:3: log.level:") || strings.Count(errs, "\n") < 4 {
		t.Error(errs)
	}
}
