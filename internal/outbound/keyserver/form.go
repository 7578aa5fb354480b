package keyserver

import (
	"fmt"
	"regexp"
	"strings"

	"parlatory/internal/guard/vault"
)

// A wrapped key is one byte and the transit engine's own text, such as vault:v3:BASE64. A key file's wrapped keys begin with 1.
const (
	formByte = 0x02
	formMost = 1024 // a wrapped key of 32 bytes takes 90; a plugin's longer form may come
)

var formText = regexp.MustCompile(`^vault:(v[1-9][0-9]{0,8}):[A-Za-z0-9+/]{16,}={0,2}$`)

func pack(ciphertext string) ([]byte, error) {
	b := append([]byte{formByte}, ciphertext...)
	if _, _, err := unpack(b); err != nil {
		return nil, &fault{is: vault.ErrAway, what: "the answer cannot be read"}
	}
	return b, nil
}

// unpack gives the transit engine's text and the version in it, "v3".
func unpack(wrapped []byte) (ciphertext, version string, err error) {
	if len(wrapped) < 2 || len(wrapped) > formMost || wrapped[0] != formByte {
		return "", "", fmt.Errorf("wrapped key: not of a key server: %w", vault.ErrOpen)
	}
	ciphertext = string(wrapped[1:])
	found := formText.FindStringSubmatch(ciphertext)
	if found == nil || strings.Count(ciphertext, ":") != 2 {
		return "", "", fmt.Errorf("wrapped key: damaged: %w", vault.ErrOpen)
	}
	return ciphertext, found[1], nil
}
