package policy

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"parlatory"
)

// accepts runs a table: an empty want means that the text is refused with a reason.
func accepts(t *testing.T, judge func(string) (string, error), table map[string]string) {
	t.Helper()
	for in, want := range table {
		got, err := judge(in)
		if want == "" {
			var e *parlatory.Error
			if !errors.As(err, &e) || e.Kind != parlatory.KindInvalid || len(e.Fields) != 1 || e.Fields[0].Reason == "" {
				t.Errorf("%q gave %q, %v; want a refusal with a reason", in, got, err)
			}
			continue
		}
		if err != nil || got != want {
			t.Errorf("%q gave %q, %v; want %q", in, got, err, want)
		}
		if again, err := judge(got); err != nil || again != got {
			t.Errorf("canonical %q became %q, %v", got, again, err)
		}
	}
}

func TestAC_002_OneSpellingOfAnAddress(t *testing.T) {
	accepts(t, Email, map[string]string{
		"ada@acme.example":                "ada@acme.example",
		"ADA@Acme.Example":                "ada@acme.example",
		" ada@acme.example\t":             "ada@acme.example",
		"ａｄａ@acme.example":                "ada@acme.example", // full width
		"ada@ａｃｍｅ.example":                "ada@acme.example",
		"ada@acme。example":                "ada@acme.example", // ideographic full stop
		"a.b+c@acme.example":              "a.b+c@acme.example",
		"ada@bücher.example":              "ada@xn--bcher-kva.example",
		"ada@xn--bcher-kva.example":       "ada@xn--bcher-kva.example",
		strings.Repeat("a", 64) + "@b.cd": strings.Repeat("a", 64) + "@b.cd",
	})
}

func TestAC_014_OneStrictAddress(t *testing.T) {
	refused := map[string]string{}
	for _, s := range []string{
		"", "@", "a@", "@b.cd", "ada", "ada@localhost", "ada@acme..example", "ada@.example", "ada@acme.example.",
		"ada@acme.example,eve@evil.example", "ada@acme.example;eve@evil.example", "ada@acme.example eve@evil.example",
		"ada@acme.example\r\nBcc: eve@evil.example", "ada@acme.example\n", "<ada@acme.example>", "Ada <ada@acme.example>",
		`"ada"@acme.example`, "ada(eve)@acme.example", "ada@eve@acme.example", "a..b@acme.example", ".a@acme.example",
		"a.@acme.example", "ada@[127.0.0.1]", "ada@127.0.0.1", "ada@acme.123", "ada@-acme.example", "ada@ac_me.example",
		"аda@acme.example", "ada\x00@acme.example", "ada@acme.example\x00", "ada\u200b@acme.example", "ada\xff@acme.example",
		"mailto:ada@acme.example", "ada@acme.example?cc=eve", "ada%eve@acme.example\r", strings.Repeat("a", 65) + "@b.cd",
		"a@" + strings.Repeat("b", 64) + ".cd", "a@" + strings.Repeat("b.", 130) + "cd", strings.Repeat("x", 1<<20),
	} {
		refused[s] = ""
	}
	accepts(t, Email, refused)
	// A look-alike domain is another domain, never the same address.
	if got, _ := Email("ada@аcme.example"); got == "ada@acme.example" {
		t.Error("a Cyrillic look-alike became the Latin domain")
	}
}

func TestSubdomain(t *testing.T) {
	accepts(t, Subdomain, map[string]string{
		"acme": "acme", "ACME": "acme", " a1-b2 ": "a1-b2", "abc": "abc", strings.Repeat("a", 40): strings.Repeat("a", 40),
		"": "", "ab": "", "a b": "", "-acme": "", "acme-": "", "ac--me": "", "xn--acme": "", "acmé": "", "ac.me": "",
		"ac_me": "", "admin": "", "www": "", "WPAD": "", "localhost": "", "12345": "", strings.Repeat("a", 41): "",
		"acme\n": "", "ACME\u212a": "", "acme\x00": "",
	})
}

func TestOrigin(t *testing.T) {
	accepts(t, Origin, map[string]string{
		"https://shop.example":        "https://shop.example",
		"https://Shop.Example/":       "https://shop.example",
		"HTTPS://shop.example:443":    "https://shop.example",
		"https://shop.localhost:8443": "https://shop.localhost:8443",
		"https://bücher.example":      "https://xn--bcher-kva.example",
		"http://shop.example":         "", "shop.example": "", "//shop.example": "", "https://": "", "null": "", "*": "",
		"https://*.example": "", "https://shop.example/path": "", "https://shop.example?x": "", "https://shop.example?": "",
		"https://shop.example#x": "", "https://shop.example#": "", "https://a@shop.example": "", "https://shop.example:0": "",
		"https://shop.example:99999": "", "https://shop.example:0443": "", "https://shop.example:": "", "https://127.0.0.1": "",
		"https://[::1]": "", "https://2130706433": "", "https://shop.example, https://evil.example": "",
		"https://shop.example\\@evil.example": "", "https://shop.example.": "", "javascript:alert(1)": "", "https:shop.example": "",
		"https://shop.example\n": "", "https://sh\top.example": "", "": "",
	})
}

func TestText(t *testing.T) {
	body := func(s string) (string, error) { return Text(s, 1, 20) }
	accepts(t, body, map[string]string{
		"hello": "hello", " a\r\nb\tc ": "a\nb\tc", "e\u0301": "é", "مرحبا": "مرحبا", "👩‍👩‍👧": "👩‍👩‍👧", "<script>": "<script>",
		strings.Repeat("é", 20): strings.Repeat("é", 20),
		"":                      "", " \n ": "", strings.Repeat("a", 21): "", "a\x00b": "", "a\x1bb": "", "a\u202eb": "", "a\u2066b": "",
		"a\u0085b": "", "a\u2028b": "", "a\ufeffb": "", "a\xffb": "", "a\uffffb": "", "a\rb": "", strings.Repeat("a", 1<<20): "",
	})
	name := func(s string) (string, error) { return Name(s, 2, 10) }
	accepts(t, name, map[string]string{
		"Ada": "Ada", "  Ada   Love ": "Ada Love", "A": "", "": "", strings.Repeat("x", 11): "", "a\u202eb": "", "a\x07b": "",
	})
	if got, err := Name("", 0, 10); got != "" || err != nil {
		t.Errorf("an optional name that is not given: %q, %v", got, err)
	}
}

// ASVS V6.2.1, V6.2.4, V6.2.5, V6.2.11
func TestPassword(t *testing.T) {
	own := []string{"Ada Lovelace", "ada@acme.example", "Acme Chocolate Ltd"}
	for _, good := range []string{
		"plum wagon 83 tarmac", "kX9!vbq2#Lm0", "correct otter violin sandbag", "ich mag keine Rüben im Salat",
		strings.Repeat("纸", 5) + "kettle-lamp", "lovelace quarrels with turbines", "orange tiger monday coffee paris",
		"plumwagon" + strings.Repeat("-tarmac83", 13),
	} {
		if err := Password(parlatory.NewSecret(good), own...); err != nil {
			t.Errorf("%q was refused: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", "short", "elevenchars", "Password1234", "p@ssw0rd2024!", "passwordpassword", "!!!password!!!", "iloveyouforever", "qwertyuiop12",
		"letmein12345", "aaaaaaaaaaaa", "abcabcabcabc", "abcdefghijkl", "123456789012", "210987654321", "qwertzuiop[]",
		"            ", "AdaLovelace1", "lovelace2024", "ada@acme.example", "1815.Lovelace", "acmechocolate", "L0velace!!!!",
		"CorrectHorseBatteryStaple", "Summer2026!!", "Welcome-2026-", strings.Repeat("plum wagon ", 12) + "x", "plum\x00wagon 83 tarmac",
		strings.Repeat("x", 1<<20), "plum wagon\xff 83 tarmac", "Parlatory123", "adminadmin123", "111111111111",
	} {
		if err := Password(parlatory.NewSecret(bad), own...); parlatory.KindOf(err) != parlatory.KindInvalid {
			t.Errorf("%q: %v, want a refusal", bad, err)
		} else if bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("the refusal quotes %q", bad)
		}
	}
}

func FuzzEmail(f *testing.F) {
	for _, s := range []string{"ada@acme.example", "ａ@ｂ.cd", "a@b@c.de", "a@xn--.de", "\"a\"@b.cd"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := Email(s)
		if err != nil {
			return
		}
		if again, err := Email(got); err != nil || again != got {
			t.Fatalf("%q -> %q -> %q, %v", s, got, again, err)
		}
		if strings.ContainsAny(got, " \t\r\n,;<>()[]\"\\:\x00") || strings.Count(got, "@") != 1 || len(got) > 254 {
			t.Fatalf("%q -> %q", s, got)
		}
	})
}

func FuzzOrigin(f *testing.F) {
	for _, s := range []string{"https://shop.example", "https://a:1", "https://[::1]", "https://a\\b", "https://%61.de"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := Origin(s)
		if err != nil {
			return
		}
		if again, err := Origin(got); err != nil || again != got || !strings.HasPrefix(got, "https://") || strings.ContainsAny(got[8:], "/?#@\\ \t\r\n*,") {
			t.Fatalf("%q -> %q -> %q, %v", s, got, again, err)
		}
	})
}

func FuzzText(f *testing.F) {
	f.Add("a\u202e", true)
	f.Add("e\u0301\r\n", false)
	f.Fuzz(func(t *testing.T, s string, lines bool) {
		got, err := clean("text", s, 1, 50, lines)
		if err != nil {
			return
		}
		if !utf8.ValidString(got) || !norm.NFC.IsNormalString(got) || utf8.RuneCountInString(got) > 50 || got == "" {
			t.Fatalf("%q -> %q", s, got)
		}
		if again, err := clean("text", got, 1, 50, lines); err != nil || again != got {
			t.Fatalf("%q -> %q -> %q, %v", s, got, again, err)
		}
	})
}

func FuzzPassword(f *testing.F) {
	f.Add("plum wagon 83 tarmac", "Ada")
	f.Fuzz(func(t *testing.T, s, own string) {
		if Password(parlatory.NewSecret(s), own) == nil && utf8.RuneCountInString(s) < 6 {
			t.Fatalf("%q was taken", s)
		}
	})
}
