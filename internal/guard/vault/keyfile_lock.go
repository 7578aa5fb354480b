package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"

	"golang.org/x/crypto/argon2"
)

// A key file under a passphrase has the same lines, each sealed by AES-256-GCM under argon2id of the passphrase (RFC 9106 §4, second
// recommendation: 64 MiB, 3 passes, 4 lanes) with a salt of its own, so that the nonce may be all zero:
//
//	parlatory-root-key/v1-passphrase <base64url of salt, 16 | ciphertext of a line of the clear form | tag, 16> <8 hexadecimal digits>\n
const (
	lockedHead = "parlatory-root-key/v1-passphrase "
	lockSalt   = 16
	lockedBody = lockSalt + keyFileSize + tagSize
	lockedSize = len(lockedHead) + (lockedBody*8+5)/6 + 1 + 8 + 1

	lockPasses = 3
	lockMemory = 64 << 10 // KiB
	lockLanes  = 4
	// PassphraseLeast is the least length of a passphrase in bytes: it is all that stands between a thief of the file and the root key.
	PassphraseLeast = 12
)

// lockCipher must run inside erase.
func lockCipher(passphrase, salt []byte) (cipher.AEAD, error) {
	key := argon2.IDKey(passphrase, salt, lockPasses, lockMemory, lockLanes, keySize)
	defer clear(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// lockKey must run inside erase.
func lockKey(line, passphrase []byte) ([]byte, error) {
	if len(passphrase) < PassphraseLeast {
		return nil, fmt.Errorf("the passphrase needs %d characters at least", PassphraseLeast)
	}
	body := make([]byte, lockSalt, lockedBody)
	if _, err := rand.Read(body); err != nil {
		return nil, err
	}
	aead, err := lockCipher(passphrase, body)
	if err != nil {
		return nil, err
	}
	body = aead.Seal(body, make([]byte, gcmNonce), line, []byte(lockedHead))
	out := append(make([]byte, 0, lockedSize), lockedHead...)
	out = base64.RawURLEncoding.AppendEncode(out, body)
	sum := sha256.Sum256(out)
	out = append(out, ' ')
	out = hex.AppendEncode(out, sum[:4])
	return append(out, '\n'), nil
}

// unlockKeys must run inside erase.
func unlockKeys(b, passphrase []byte) (all [][]byte, err error) {
	if len(b)%lockedSize != 0 || len(b) > lockedSize*keyFileMost {
		return nil, errors.New("key file: not Parlatory root keys of version 1 under a passphrase")
	}
	for i := 0; i < len(b); i += lockedSize {
		raw, err := unlockKey(b[i:i+lockedSize], passphrase)
		if err != nil {
			return nil, err
		}
		all = append(all, raw)
	}
	return all, nil
}

func unlockKey(line, passphrase []byte) ([]byte, error) {
	end := lockedSize - 10
	sum := sha256.Sum256(line[:end])
	if string(line[:len(lockedHead)]) != lockedHead || string(line[end:]) != " "+hex.EncodeToString(sum[:4])+"\n" {
		return nil, errors.New("key file: the checksum does not fit; compare it with your copy")
	}
	body := make([]byte, lockedBody)
	if _, err := base64.RawURLEncoding.Strict().Decode(body, line[len(lockedHead):end]); err != nil {
		return nil, errors.New("key file: the key is damaged")
	}
	aead, err := lockCipher(passphrase, body[:lockSalt])
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, make([]byte, gcmNonce), body[lockSalt:], []byte(lockedHead))
	if err != nil {
		return nil, errors.New("key file: the passphrase does not open it")
	}
	defer clear(plain)
	return parseKeyFile(plain)
}
