package vault

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// The key file has a line for each root key, the newest last: a fixed head, 32 random bytes in base64url and a checksum
// against slips of the hand when a copy is typed in:
//
//	parlatory-root-key/v1 <43 characters> <8 hexadecimal digits>\n
//
// It may stand under a passphrase (keyfile_lock.go), or be opened by a command of the operator's.
const (
	keyFileHead = "parlatory-root-key/v1 "
	keyFileSize = len(keyFileHead) + 43 + 1 + 8 + 1
	// keyFileMost bounds the keys of one file: each rotation adds one, and the operator takes out those that wrap nothing.
	keyFileMost = 64
)

// CreateKeyFile makes a fresh root key in a new file that only its owner may read. It never replaces a file. With a
// passphrase the file is of no use without it.
func CreateKeyFile(path string, passphrase []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("create key file: %w", err)
	}
	erase(func() {
		var raw []byte
		if raw, err = fresh(); err == nil {
			err = writeKeys(f, [][]byte{raw}, passphrase)
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
