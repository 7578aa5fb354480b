package vault

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parlatory"
)

func rootAt(t *testing.T, file KeyFile) Root {
	t.Helper()
	root, err := OpenKeyFile(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func TestKeyFileRotates(t *testing.T) {
	phrase := func() ([]byte, error) { return []byte("three lanterns by the sea"), nil }
	for name, passphrase := range map[string]func() ([]byte, error){"clear": nil, "under a passphrase": phrase} {
		t.Run(name, func(t *testing.T) {
			file := KeyFile{Path: filepath.Join(t.TempDir(), "root.key"), Passphrase: passphrase}
			var p []byte
			if passphrase != nil {
				p, _ = passphrase()
			}
			if err := CreateKeyFile(file.Path, p); err != nil {
				t.Fatal(err)
			}
			root, other := rootAt(t, file), rootAt(t, file)
			key, ad := bytes.Repeat([]byte{7}, keySize), []byte("ad")
			old, err := root.Wrap(t.Context(), key, ad)
			if err != nil {
				t.Fatal(err)
			}
			before, _ := root.Version(t.Context())
			if err := root.Rotate(t.Context()); err != nil {
				t.Fatal(err)
			}
			after, err := root.Version(t.Context())
			if err != nil || before == after || root.VersionOf(old) != before {
				t.Errorf("versions %s and %s, %v", before, after, err)
			}
			wrapped, err := root.Wrap(t.Context(), key, ad)
			if err != nil || root.VersionOf(wrapped) != after {
				t.Fatalf("wrapped under %s, %v", root.VersionOf(wrapped), err)
			}
			for _, blob := range [][]byte{old, wrapped} { // the other process reads the file again
				if got, err := other.Unwrap(t.Context(), blob, ad); err != nil || !bytes.Equal(got, key) {
					t.Errorf("elsewhere: %v", err)
				}
				if got, err := rootAt(t, file).Unwrap(t.Context(), blob, ad); err != nil || !bytes.Equal(got, key) {
					t.Errorf("anew: %v", err)
				}
			}
			if _, err := newRoot(t).Unwrap(t.Context(), old, ad); !errors.Is(err, ErrOpen) {
				t.Errorf("another file's key: %v", err)
			}
			if info, err := os.Stat(file.Path); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v, %v", info.Mode(), err)
			}
			if left, _ := filepath.Glob(file.Path + ".*"); len(left) > 0 {
				t.Errorf("left over: %v", left)
			}
		})
	}
}

func TestLockedKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "root.key")
	if err := CreateKeyFile(path, []byte("short")); err == nil {
		t.Fatal("a short passphrase was taken")
	}
	phrase := []byte("three lanterns by the sea")
	if err := CreateKeyFile(path, phrase); err != nil {
		t.Fatal(err)
	}
	good := readFile(t, path)
	if strings.Contains(string(good), keyFileHead+"A") || len(good) != lockedSize {
		t.Fatalf("%d bytes", len(good))
	}
	for what, file := range map[string]KeyFile{
		"none": {Path: path}, "the wrong one": {Path: path, Passphrase: func() ([]byte, error) { return []byte("three lanterns by the see"), nil }},
	} {
		if _, err := OpenKeyFile(t.Context(), file); err == nil || strings.Contains(err.Error(), "lanterns") {
			t.Errorf("passphrase: %s: %v", what, err)
		}
	}
	for i := range good {
		b := bytes.Clone(good)
		b[i] ^= 1
		// The checksum alone refuses it: no passphrase is tried on a damaged line.
		if _, err := unlockKey(b, phrase); err == nil || strings.Contains(err.Error(), "passphrase") {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
	if _, err := unlockKeys(good[:len(good)-1], phrase); err == nil {
		t.Error("cut")
	}
}

// A command, such as a hardware token's, opens a file that Parlatory can't.
func TestKeyFileOfACommand(t *testing.T) {
	clear := filepath.Join(t.TempDir(), "clear.key")
	if err := CreateKeyFile(clear, nil); err != nil {
		t.Fatal(err)
	}
	lines := readFile(t, clear)
	sealed := filepath.Join(t.TempDir(), "sealed.key")
	if err := os.WriteFile(sealed, []byte("a token's own form"), 0o600); err != nil {
		t.Fatal(err)
	}
	root := rootAt(t, KeyFile{Path: sealed, Command: func(_ context.Context, in, out []byte) (int, error) {
		if string(in) != "a token's own form" {
			return 0, errors.New("not mine")
		}
		return copy(out, lines), nil
	}})
	w := Wrapped{Workspace: parlatory.House, Subject: spaceSubject, Version: 1}
	blob, err := root.Wrap(t.Context(), make([]byte, keySize), w.ad())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rootAt(t, KeyFile{Path: clear}).Unwrap(t.Context(), blob, w.ad()); err != nil {
		t.Error(err)
	}
	if err := root.Rotate(t.Context()); err == nil {
		t.Error("it wrote over the token's file")
	}
	if _, err := OpenKeyFile(t.Context(), KeyFile{Path: sealed, Command: func(context.Context, []byte, []byte) (int, error) { return 3, nil }}); err == nil {
		t.Error("nonsense was taken for a key")
	}
}
