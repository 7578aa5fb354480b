package vault

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// The key file is one line of text with a fixed head, 32 random bytes in base64url and a checksum against slips of
// the hand when a copy is typed in:
//
//	parlatory-root-key/v1 <43 characters> <8 hexadecimal digits>\n
const (
	keyFileHead = "parlatory-root-key/v1 "
	keyFileSize = len(keyFileHead) + 43 + 1 + 8 + 1
)

// CreateKeyFile makes a fresh root key in a new file that only its owner may read. It never replaces a file.
func CreateKeyFile(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("create key file: %w", err)
	}
	erase(func() {
		var raw []byte
		if raw, err = fresh(); err == nil {
			_, err = f.Write(encodeKeyFile(raw))
			clear(raw)
		}
	})
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(fmt.Errorf("create key file: %w", err), os.Remove(path))
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes the new name durable: a root key that a power cut takes away takes everything with it.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("key file's folder: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("key file's folder: %w", err)
	}
	return nil
}

// encodeKeyFile must run inside erase.
func encodeKeyFile(raw []byte) []byte {
	b := append(make([]byte, 0, keyFileSize), keyFileHead...)
	b = base64.RawURLEncoding.AppendEncode(b, raw)
	sum := sha256.Sum256(b)
	b = append(b, ' ')
	b = hex.AppendEncode(b, sum[:4])
	return append(b, '\n')
}

// parseKeyFile must run inside erase. There is exactly one spelling of a key: whatever else decodes to it is refused.
func parseKeyFile(b []byte) ([]byte, error) {
	if len(b) != keyFileSize || string(b[:len(keyFileHead)]) != keyFileHead {
		return nil, errors.New("key file: not a Parlatory root key of version 1")
	}
	raw := make([]byte, keySize)
	if _, err := base64.RawURLEncoding.Strict().Decode(raw, b[len(keyFileHead):len(keyFileHead)+43]); err != nil {
		return nil, errors.New("key file: the key is damaged")
	}
	if subtle.ConstantTimeCompare(encodeKeyFile(raw), b) != 1 {
		clear(raw)
		return nil, errors.New("key file: the checksum does not fit; compare it with your copy")
	}
	return raw, nil
}

type fileRoot struct {
	mute
	*wrapper
}

// OpenKeyFile reads the root key. A file that group or others may read, or that is no plain file, is refused.
func OpenKeyFile(path string) (Root, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, fmt.Errorf("open key file: %w", err)
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		return nil, fmt.Errorf("key file %s is a link; name the file itself", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open key file: %w", err)
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return nil, fmt.Errorf("open key file: %w", err)
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("key file %s has mode %v; only its owner may read it (chmod 600)", path, info.Mode())
	}
	var w *wrapper
	erase(func() { w, err = readRoot(f) })
	if err != nil {
		return nil, err
	}
	return fileRoot{wrapper: w}, nil
}

// readRoot must run inside erase.
func readRoot(r io.Reader) (*wrapper, error) {
	b, err := io.ReadAll(io.LimitReader(r, int64(keyFileSize)+1))
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	defer clear(b)
	raw, err := parseKeyFile(b)
	if err != nil {
		return nil, err
	}
	defer clear(raw)
	return newWrapper("root", raw)
}

func (r fileRoot) Wrap(_ context.Context, key, ad []byte) ([]byte, error) { return r.wrap(key, ad) }

func (r fileRoot) Unwrap(_ context.Context, blob, ad []byte) ([]byte, error) {
	return r.unwrap(blob, ad)
}

// Version is empty: the file has one key.
func (r fileRoot) Version(context.Context) (string, error) { return "", nil }

// VersionOf is empty, too.
func (r fileRoot) VersionOf([]byte) string { return "" }

// Rotate is not yet there for key files.
func (r fileRoot) Rotate(context.Context) error { return errors.New("rotate key file: not yet") }
