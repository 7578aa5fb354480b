package keycommand

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parlatory/internal/guard/vault"
)

func TestACommandOpensTheKeyFile(t *testing.T) {
	dir := t.TempDir()
	clear, sealed := filepath.Join(dir, "clear.key"), filepath.Join(dir, "sealed.key")
	if err := vault.CreateKeyFile(clear, nil); err != nil {
		t.Fatal(err)
	}
	lines, err := os.ReadFile(clear)
	if err != nil {
		t.Fatal(err)
	}
	// rot13 stands for a token that seals.
	if err := os.WriteFile(sealed, []byte(strings.Map(rot13, string(lines))), 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := vault.OpenKeyFile(t.Context(), vault.KeyFile{Path: sealed, Command: Open([]string{"tr", "A-Za-z", "N-ZA-Mn-za-m"})})
	if err != nil {
		t.Fatal(err)
	}
	blob, err := root.Wrap(t.Context(), make([]byte, 32), []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := vault.OpenKeyFile(t.Context(), vault.KeyFile{Path: clear})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := plain.Unwrap(t.Context(), blob, []byte("x")); err != nil {
		t.Error(err)
	}
	for what, argv := range map[string][]string{
		"no such program": {filepath.Join(dir, "nothing")}, "a failure": {"false"}, "nothing": nil, "nonsense": {"echo", "hello"}, "no end": {"yes"},
	} {
		if _, err := vault.OpenKeyFile(t.Context(), vault.KeyFile{Path: sealed, Command: Open(argv)}); err == nil {
			t.Errorf("%s was taken for a key", what)
		} else if strings.Contains(err.Error(), "hello") {
			t.Errorf("%s: the error quotes the output: %v", what, err)
		}
	}
}

func rot13(r rune) rune {
	switch {
	case r >= 'a' && r <= 'z':
		return 'a' + (r-'a'+13)%26
	case r >= 'A' && r <= 'Z':
		return 'A' + (r-'A'+13)%26
	}
	return r
}

func TestACommandThatHangsIsEnded(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Open([]string{"sleep", "1000"})(ctx, nil, make([]byte, 10)); err == nil {
		t.Error("it was waited for")
	}
}
