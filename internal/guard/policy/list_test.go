package policy

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"parlatory"
)

// TestMakeBreached writes the embedded list anew: PARLATORY_PASSWORDS names zxcvbn-ts's passwords.json.
func TestMakeBreached(t *testing.T) {
	from := os.Getenv("PARLATORY_PASSWORDS")
	if from == "" {
		t.Skip("nothing to make")
	}
	raw, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	if err = json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	l, err := ReadList(strings.NewReader(strings.Join(all, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	if err = os.WriteFile("breached.bin", l.bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d of %d", l.Len(), len(all))
}

// TestBreachedPasswords: what was published is refused in every dress in which people reach a length; what was not is taken. An
// operator's list takes the embedded one's place.
//
// ASVS V6.2.4, V6.2.11, V6.2.12
func TestBreachedPasswords(t *testing.T) {
	if n := Breached().Len(); n < 45_000 {
		t.Fatalf("%d passwords", n)
	}
	judge := func(r Rules, text string) error { return r.Password(parlatory.NewSecret(text)) }
	for _, bad := range []string{"Liverpool2026!", "!!Manchester!!", "sunshine-1987", "butterfly2026", "1q2w3e4r5t6y", "B@seball12345", "qazwsxedcrfv", "starwars1234"} {
		if judge(Rules{MinLength: 12}, bad) == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	for _, good := range []string{"plum wagon 83 tarmac", "kX9!vbq2#Lm0", "seven lanterns over quiet water", "orchard 4 gliding kettles"} {
		if err := judge(Rules{MinLength: 12}, good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	own, err := ReadList(bytes.NewReader([]byte("Plum Wagon 83 Tarmac\r\n\nanother one of ours\n")))
	if err != nil || own.Len() != 2 {
		t.Fatal(own, err)
	}
	if judge(Rules{MinLength: 12, Refused: own}, "plum wagon 83 tarmac") == nil {
		t.Error("an operator's list does not hold")
	}
	if err := judge(Rules{MinLength: 12, Refused: own}, "Liverpool-fc-2026x"); err != nil {
		t.Errorf("beside an operator's list the embedded one holds: %v", err)
	}
	if _, err := ReadList(strings.NewReader("good\n\xff\xfe\n")); err == nil {
		t.Error("a line that is no UTF-8")
	}
}

// TestLengths: the strictest workspace's length, within the bounds of the server; at least 64 characters are taken.
//
// ASVS V6.2.1, V6.2.9
func TestLengths(t *testing.T) {
	text := "kx9vbq2lm0pwzr7tjyc4hgd8fs" + strings.Repeat("-Wq8-zv3-Lp1", 10)
	for length, cut := range map[int]int{0: PasswordMin, 5: PasswordLeast, 8: 8, 12: 12, 40: 40, 64: 64, 100: 64} {
		r := Rules{MinLength: length}
		if err := r.Password(parlatory.NewSecret(text[:cut-1])); err == nil {
			t.Errorf("length %d: %d characters are taken", length, cut-1)
		}
		if err := r.Password(parlatory.NewSecret(text[:cut])); err != nil {
			t.Errorf("length %d: %d characters: %v", length, cut, err)
		}
	}
	if (Rules{MinLength: 64}).Password(parlatory.NewSecret(text[:PasswordMax])) != nil || (Rules{}).Password(parlatory.NewSecret(text[:PasswordMax+1])) == nil {
		t.Error("the longest")
	}
}

func FuzzReadList(f *testing.F) {
	f.Add([]byte("a\nb\r\n\xff"))
	f.Fuzz(func(_ *testing.T, raw []byte) {
		if l, err := ReadList(bytes.NewReader(raw)); err == nil {
			_ = l.holds(string(raw))
		}
	})
}
