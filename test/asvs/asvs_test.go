package asvs

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

//go:generate env UPDATE_GOLDEN=1 go test -count=1 .

const (
	table = root + "/docs/asvs.csv"
	page  = root + "/docs/asvs.md"
)

// strict are the chapters in which each requirement of levels 1 and 2 has its row, and how many those are: a row that is
// lost fails. In the others stands what is met so far.
var strict = map[string]int{"V6": 35, "V7": 18, "V8": 7}

// chapters are our names for them.
var chapters = map[string]string{
	"V1": "Encoding and sanitisation", "V2": "Validation and business logic", "V3": "Web frontend", "V4": "API and web service", "V5": "Files",
	"V6": "Authentication", "V7": "Sessions", "V8": "Authorisation", "V11": "Cryptography", "V12": "Communication",
	"V13": "Configuration", "V14": "Data protection", "V15": "Secure coding", "V16": "Logging and errors",
}

// kinds of rows, and what the page says where no test speaks for itself.
var kinds = map[string]string{
	"test": "", "document": "", "operator": "the operator's: ", "not-applicable": "does not apply: ", "open": "open: ",
}

// row is a line of the table kept by hand.
type row struct {
	id          string
	level       int
	kind, where string
	tests       []shown
}

func (r row) chapter() string { c, _, _ := strings.Cut(r.id, "."); return c }

func (r row) strict() bool { return strict[r.chapter()] > 0 && r.level < 3 }

func readTable(t *testing.T, e *evidence) []row {
	t.Helper()
	raw, err := os.ReadFile(table)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []row
	for _, l := range lines[1:] {
		level, err := strconv.Atoi(l[1])
		if err != nil || level < 1 || level > 3 {
			t.Errorf("%s: level %q", l[0], l[1])
		}
		rows = append(rows, row{l[0], level, l[2], l[3], e.tests[l[0]]})
	}
	return rows
}

// TestPage is what CI looks at.
func TestPage(t *testing.T) {
	e := collect(t)
	rows := readTable(t, e)
	got := write(rows)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(page, got, 0o644); err != nil { //nolint:gosec // a page of the repository
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(page); err != nil || !bytes.Equal(want, got) {
		t.Errorf("docs/asvs.md is stale: run make gen, and read what changes (%v)", err)
	}
	judge(t, rows, e)
}

func judge(t *testing.T, rows []row, e *evidence) {
	known, met := map[string]bool{}, map[string]int{}
	last := ""
	for _, r := range rows {
		if known[r.id] || last != "" && !before(last, r.id) {
			t.Errorf("%s stands twice or out of order", r.id)
		}
		known[r.id], last = true, r.id
		if r.strict() {
			met[r.chapter()]++
		}
		if chapters[r.chapter()] == "" {
			t.Errorf("%s: a chapter without a name", r.id)
		}
		for _, why := range r.faults(e) {
			t.Errorf("%s: %s", r.id, why)
		}
	}
	for chapter, want := range strict {
		if met[chapter] != want {
			t.Errorf("%s has %d of %d requirements of levels 1 and 2", chapter, met[chapter], want)
		}
	}
	for id, tests := range e.tests {
		if !known[id] {
			t.Errorf("%v names %s, which docs/asvs.csv does not have", tests, id)
		}
	}
	for _, l := range e.loose {
		t.Errorf("annotation above no test: %s", l)
	}
}

// named is a path in backticks: of a file, a folder, or a package below internal.
var named = regexp.MustCompile("`([a-z][\\w.-]*(?:/[\\w.-]+)*)`")

// faults says what is wrong with a row, if anything.
func (r row) faults(e *evidence) (why []string) {
	if _, ok := kinds[r.kind]; !ok {
		why = append(why, fmt.Sprintf("no such kind: %q", r.kind))
	}
	cited := abuseCase.FindAllString(r.where, -1)
	for _, c := range cited {
		if !e.abuse[c] {
			why = append(why, "no test of "+c)
		}
	}
	paths := named.FindAllStringSubmatch(r.where, -1)
	for _, m := range paths {
		if !exists(m[1]) {
			why = append(why, "no such place: "+m[1])
		}
	}
	switch {
	case r.kind == "test" && r.strict() && len(r.tests) == 0:
		why = append(why, "no test names it in its doc comment")
	case r.kind == "document" && len(paths) == 0:
		why = append(why, "no document is named")
	case r.kind == "test" && len(r.tests) == 0 && r.where == "":
		why = append(why, "neither a test nor a place")
	case (r.kind == "open" || r.kind == "not-applicable") && len(r.tests) > 0:
		why = append(why, fmt.Sprintf("is %s, and %v shows it", r.kind, r.tests))
	case r.kind != "test" && r.where == "":
		why = append(why, "no reason is given")
	}
	return why
}

func exists(path string) bool {
	for _, below := range []string{"", "internal", "test"} {
		if _, err := os.Stat(filepath.Join(root, below, path)); err == nil {
			return true
		}
	}
	return false
}

// before orders ids by their numbers.
func before(a, b string) bool { return slices.Compare(numbers(a), numbers(b)) < 0 }

func numbers(id string) (all []int) {
	for part := range strings.SplitSeq(strings.TrimPrefix(id, "V"), ".") {
		n, _ := strconv.Atoi(part)
		all = append(all, n)
	}
	return all
}
