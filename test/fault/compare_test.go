package fault

import "testing"

// TestCompare: each kind of damage is seen, so that a green kill test means something.
func TestCompare(t *testing.T) {
	sent := []message{{"a", "one", 2}, {"b", "two", 4}, {"c", "three", 0}}
	whole := []stored{{Seq: 1, ID: "q"}, {Seq: 2, ID: "a", Body: "one"}, {Seq: 3, ID: "x"}, {Seq: 4, ID: "b", Body: "two"}, {Seq: 5, ID: "c", Body: "three"}}
	change := func(f func(have []stored) []stored) []stored { return f(append([]stored(nil), whole...)) }
	for name, c := range map[string]struct {
		have []stored
		ok   bool
	}{
		"whole":              {whole, true},
		"unsent is absent":   {whole[:4], true},
		"lost":               {whole[:3], false},
		"twice":              {change(func(h []stored) []stored { return append(h, stored{Seq: 6, ID: "a", Body: "one"}) }), false},
		"elsewhere":          {change(func(h []stored) []stored { h[1].Seq = 3; h[2].Seq = 2; return h }), false},
		"changed":            {change(func(h []stored) []stored { h[3].Body = "to"; return h }), false},
		"before its forerun": {change(func(h []stored) []stored { h[4].Seq = 1; return h }), false},
	} {
		if err := compare(sent, c.have); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	if strangers(map[string]bool{"a": true, "b": true, "c": true, "x": true}, map[string][]stored{"room": whole}) != nil {
		t.Error("a whole room has strangers")
	}
	if strangers(map[string]bool{"a": true, "b": true, "c": true}, map[string][]stored{"room": whole}) == nil {
		t.Error("a stranger was not seen")
	}
}
