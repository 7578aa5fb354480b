package asvs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// shown is a test that shows a requirement.
type shown struct{ where, test string }

// evidence is what stands in the tests of the project.
type evidence struct {
	tests map[string][]shown // requirement -> tests
	abuse map[string]bool    // abuse case -> has a test
	loose []string           // annotations that stand above no test
}

var (
	annotation = regexp.MustCompile(`ASVS (V\d+\.\d+\.\d+(?:, V\d+\.\d+\.\d+)*)`)
	abuseCase  = regexp.MustCompile(`AC[-_](\d{3})`)
	// browserTest is a test of Playwright with the comments right above it.
	browserTest = regexp.MustCompile(`(?m)((?:^[ \t]*(?://|\*|/\*).*\n)*)^[ \t]*test\(\s*(['"` + "`" + `])(.+?)(['"` + "`" + `]),`)
)

func collect(t *testing.T) *evidence {
	t.Helper()
	e := &evidence{tests: map[string][]shown{}, abuse: map[string]bool{}}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if name != ".." && strings.HasPrefix(name, ".") || slices.Contains([]string{"node_modules", "testdata", "dist", "asvs", "results"}, name) {
				return filepath.SkipDir
			}
			return nil
		}
		where, _ := filepath.Rel(root, path)
		switch {
		case strings.HasSuffix(name, "_test.go"):
			return e.goFile(path, filepath.ToSlash(filepath.Dir(where)))
		case strings.HasSuffix(name, ".spec.ts"), strings.HasSuffix(name, ".test.ts"), strings.HasSuffix(name, ".test.tsx"):
			return e.browserFile(path, filepath.ToSlash(where))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (e *evidence) goFile(path, where string) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
	if err != nil {
		return err
	}
	above := map[*ast.CommentGroup]bool{}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || !strings.HasPrefix(f.Name.Name, "Test") && !strings.HasPrefix(f.Name.Name, "Fuzz") {
			continue
		}
		e.add(f.Doc.Text(), strings.TrimPrefix(where, "internal/"), f.Name.Name)
		above[f.Doc] = true
	}
	for _, c := range file.Comments {
		if !above[c] && annotation.MatchString(c.Text()) {
			e.loose = append(e.loose, path+": "+strings.TrimSpace(c.Text()))
		}
	}
	return nil
}

func (e *evidence) browserFile(path, where string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	attached := 0
	for _, m := range browserTest.FindAllStringSubmatch(string(raw), -1) {
		attached += len(annotation.FindAllString(m[1], -1))
		e.add(m[1], strings.TrimPrefix(where, "test/e2e/specs/"), m[3])
	}
	if n := len(annotation.FindAllString(string(raw), -1)); n != attached {
		e.loose = append(e.loose, path)
	}
	return nil
}

// add notes what a comment says of its test.
func (e *evidence) add(comment, where, test string) {
	for _, m := range annotation.FindAllStringSubmatch(comment, -1) {
		for id := range strings.SplitSeq(m[1], ", ") {
			if one := (shown{where, test}); !slices.Contains(e.tests[id], one) {
				e.tests[id] = append(e.tests[id], one)
			}
		}
	}
	for _, m := range abuseCase.FindAllStringSubmatch(test, -1) {
		e.abuse["AC-"+m[1]] = true
	}
}
