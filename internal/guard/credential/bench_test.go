package credential

import (
	"context"
	"testing"

	"golang.org/x/crypto/argon2"
)

// BenchmarkBareArgon2 and BenchmarkVerify are read side by side: what the gate, the parsing and the thread cost.
func BenchmarkBareArgon2(b *testing.B) {
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			argon2.IDKey([]byte("plum wagon 83 tarmac"), []byte("saltsaltsaltsalt"), current.passes, current.memory, current.lanes, hashSize)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := Dummy(context.Background(), secret("plum wagon 83 tarmac")); err != nil {
				b.Fatal(err)
			}
		}
	})
}
