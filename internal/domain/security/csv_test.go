package security

import (
	"errors"
	"strings"
	"testing"
	"time"

	"parlatory"
)

// TestReadCSV: tables as spreadsheets and people write them.
func TestReadCSV(t *testing.T) {
	day := time.Date(2027, 4, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		text     string
		networks string
		remark   string
		ends     time.Time
		doubled  int
		bad      string // lines
	}{
		"plain":          {"203.0.113.7\n203.0.113.0/24\n2001:db8::/32\n", "203.0.113.7 203.0.113.0/24 2001:db8::/32", "", time.Time{}, 0, ""},
		"header, CRLF":   {"network,remark,ends_at\r\n203.0.113.7,\"Spam, daily\",2027-03-31\r\n", "203.0.113.7", "Spam, daily", day, 0, ""},
		"Excel":          {"\ufeffRemark;IP address\r\nSpam;203.0.113.7\r\n", "203.0.113.7", "Spam", time.Time{}, 0, ""},
		"tabs":           {"203.0.113.7\tSpam\t2027-04-01T00:00:00Z", "203.0.113.7", "Spam", day, 0, ""},
		"our own export": {"network,remark,ends_at,created_at\r\n203.0.113.7,'=1+1,,2026-11-24T10:00:00Z\r\n", "203.0.113.7", "=1+1", time.Time{}, 0, ""},
		"doubled":        {"203.0.113.7\n::ffff:203.0.113.7\n203.0.113.8\n", "203.0.113.7 203.0.113.8", "", time.Time{}, 1, ""},
		"bad lines":      {"203.0.113.7\nexample.com\n\n010.1.1.1,x\n203.0.113.9,x,soon\n", "203.0.113.7", "", time.Time{}, 0, "2 4 5"},
		"nothing":        {"\n\n", "", "", time.Time{}, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := readCSV(c.text)
			var networks, bad []string
			for _, e := range got.Entries {
				networks = append(networks, e.Network.String())
			}
			for _, b := range got.Bad {
				bad = append(bad, string(rune('0'+b.Line)))
				if b.Reason == "" {
					t.Error("a line without a reason")
				}
			}
			if strings.Join(networks, " ") != c.networks || strings.Join(bad, " ") != c.bad || got.Doubled != c.doubled {
				t.Fatalf("%v, bad %v, doubled %d", networks, bad, got.Doubled)
			}
			if len(got.Entries) == 1 && (got.Entries[0].Remark != c.remark || !got.Entries[0].EndsAt.Equal(c.ends)) {
				t.Errorf("%+v", got.Entries[0])
			}
		})
	}
}

// TestPartly: an import that ends early says how far it came, and an answer that is about the person is left as it is.
func TestPartly(t *testing.T) {
	cause := errors.New("disk full")
	err := partly(parlatory.Fail(parlatory.KindUnavailable, "The database is out of reach. Nothing was saved.").Because(cause), 500, 1200)
	if parlatory.KindOf(err) != parlatory.KindUnavailable || !errors.Is(err, cause) || !strings.Contains(err.Error(), "500 of 1200") {
		t.Error(err)
	}
	for _, same := range []error{parlatory.Forbidden(), parlatory.Fail(parlatory.KindStepUp, "Please confirm.")} {
		if got := partly(same, 500, 1200); got != same { //nolint:errorlint // itself: a wrapped one would be another answer
			t.Error(got)
		}
	}
	if got := partly(cause, 0, 1200); got != cause { //nolint:errorlint // itself: a wrapped one would be another answer
		t.Error("nothing was stored", got)
	}
}

func FuzzCSV(f *testing.F) {
	for _, s := range []string{"203.0.113.7,Spam,2027-03-31\n", "\ufeffnetwork;remark\r\n\"2001:db8::/32\";\"a\"\"b\"\r\n", "\"", "'=,@\t"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := readCSV(s)
		if len(got.Entries) != len(got.at) || len(got.Bad) > badMost || len(got.Bad) > got.BadCount {
			t.Fatal("the counts do not fit")
		}
		for _, e := range got.Entries {
			if !e.Network.First.IsValid() || e.Network.Last.Less(e.Network.First) {
				t.Fatalf("%+v", e)
			}
		}
	})
}
