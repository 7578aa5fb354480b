package credential

import (
	"crypto/rand"
	"crypto/sha256"
	"hash/crc32"
	"math/big"
	"strings"

	"parlatory"
)

// APITokenPrefix lets scanners of source code find tokens that were published by mistake.
const APITokenPrefix = "parl_pat_"

const (
	apiTokenBody  = 43 // 32 bytes in base62
	apiTokenCheck = 6  // CRC-32 in base62: a scanner tells a token from a look-alike without asking us
	base62        = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// NewAPIToken makes a program's token and its hash.
func NewAPIToken() (parlatory.Secret, TokenHash, error) {
	var raw [tokenBytes]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return parlatory.Secret{}, TokenHash{}, parlatory.Internal("API token", err)
	}
	text := APITokenPrefix + encode62(new(big.Int).SetBytes(raw[:]), apiTokenBody)
	return parlatory.NewSecret(text + checkOf(text)), sha256.Sum256(raw[:]), nil
}

// HashAPIToken hashes a token that somebody sent. It has one spelling, as HashToken's (AC-010).
func HashAPIToken(token string) (TokenHash, error) {
	body := len(token) - apiTokenCheck
	if len(token) != len(APITokenPrefix)+apiTokenBody+apiTokenCheck || !strings.HasPrefix(token, APITokenPrefix) || checkOf(token[:body]) != token[body:] {
		return TokenHash{}, errToken()
	}
	n := new(big.Int)
	for _, c := range []byte(token[len(APITokenPrefix):body]) {
		digit := strings.IndexByte(base62, c)
		if digit < 0 {
			return TokenHash{}, errToken()
		}
		n.Add(n.Mul(n, big.NewInt(int64(len(base62)))), big.NewInt(int64(digit)))
	}
	if n.BitLen() > 8*tokenBytes {
		return TokenHash{}, errToken()
	}
	var raw [tokenBytes]byte
	return sha256.Sum256(n.FillBytes(raw[:])), nil
}

func checkOf(text string) string {
	return encode62(new(big.Int).SetUint64(uint64(crc32.ChecksumIEEE([]byte(text)))), apiTokenCheck)
}

// encode62 writes a number with a fixed count of digits. It works on a copy.
func encode62(n *big.Int, digits int) string {
	n = new(big.Int).Set(n)
	base, digit := big.NewInt(int64(len(base62))), new(big.Int)
	out := make([]byte, digits)
	for i := digits - 1; i >= 0; i-- {
		n.DivMod(n, base, digit)
		out[i] = base62[digit.Int64()]
	}
	return string(out)
}
