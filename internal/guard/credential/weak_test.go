package credential

import "golang.org/x/crypto/argon2"

// weak hashes as an older release would have: less memory, one pass.
func weak(password string) []byte {
	salt := []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	return argon2.IDKey([]byte(password), salt, 1, 8192, 1, hashSize)
}
