package parlatory_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The architecture, as a table that cannot go stale. Floors, top to bottom: a package may import lower floors only.
var floors = []string{"cmd", "internal/app", "internal/edge", "internal/domain", "internal/storage", "internal/guard"}

// Rooms of one floor, leftmost first: a room may import those to its left.
var leftward = map[string][]string{
	"internal/guard":   {},
	"internal/storage": {"db", "ledger", "blob", "backup"},
	"internal/domain":  {"workspace", "security", "role", "keys", "account", "staff", "signin", "contact", "file", "chat", "call", "phone", "archive", "audit"},
	"internal/edge":    {"front"},
}

// leaves stand beside the floors: only app imports them. Lines out fill an interface of a room (see outboundRule), and web
// is the built web part.
var leaves = []string{"internal/outbound", "web"}

// keepers says who may import what: a package of the left column only below one of the right. Where several rows fit, the
// most specific one decides alone.
var keepers = map[string][]string{
	"crypto/aes": {"internal/guard"}, "crypto/cipher": {"internal/guard"}, "crypto/hmac": {"internal/guard", "internal/domain/domaintest"}, "crypto/hkdf": {"internal/guard"},
	"crypto/ed25519": {"internal/guard"}, "golang.org/x/crypto": {"internal/guard"}, "filippo.io/age": {"internal/guard"}, "github.com/tink-crypto": {"internal/guard"},
	"crypto/ecdsa":              {"internal/guard", "internal/edge/front", "internal/app"},
	"crypto/x509":               {"internal/edge/front", "internal/edge/media", "internal/edge/sip", "internal/storage/db", "internal/outbound", "internal/app"},
	"crypto/tls":                {"internal/edge/front", "internal/edge/media", "internal/edge/sip", "internal/storage/db", "internal/outbound", "internal/app"},
	"golang.org/x/crypto/ssh":   {"internal/edge/front", "internal/outbound"},
	"net/http":                  {"internal/edge", "internal/outbound", "internal/app"},
	"database/sql":              {"internal/storage/db"},
	"modernc.org/sqlite":        {"internal/storage/db"},
	"github.com/jackc/pgx":      {"internal/storage/db"},
	"parlatory/internal/config": {"internal/app", "cmd"},
	"runtime/secret":            {"internal/guard"},
	"os/exec":                   {"internal/guard/credential", "internal/outbound/keycommand"}, // the processes that hash, and the operator's command that opens the key file: nothing of a request in arguments or environment
}

type source struct {
	path string // of the file, from the root
	dir  string
	file *ast.File
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	fset := token.NewFileSet()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path != "." && (strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{"node_modules", "testdata", "test", "dist"}, d.Name())) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		all = append(all, source{filepath.ToSlash(path), filepath.ToSlash(filepath.Dir(path)), f})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func imports(f *ast.File) []string {
	var out []string
	for _, i := range f.Imports {
		p, _ := strconv.Unquote(i.Path.Value)
		out = append(out, p)
	}
	return out
}

func below(path, root string) bool { return path == root || strings.HasPrefix(path, root+"/") }

func floorOf(dir string) int {
	for i, f := range floors {
		if below(dir, f) {
			return i
		}
	}
	return -1
}

func TestFloorsAndRooms(t *testing.T) {
	for _, s := range sources(t) {
		for _, imp := range imports(s.file) {
			if why := forbidden(s.dir, imp); why != "" {
				t.Errorf("%s imports %s: %s", s.path, imp, why)
			}
		}
	}
}

func forbidden(dir, imp string) string {
	if where, kept := keeper(imp); kept && !slices.ContainsFunc(where, func(w string) bool { return below(dir, w) }) {
		return "only below " + strings.Join(where, ", ")
	}
	if !below(imp, "parlatory") {
		if dir == "." && strings.Contains(strings.SplitN(imp, "/", 2)[0], ".") {
			return "the root imports the standard library only"
		}
		return ""
	}
	target := strings.TrimPrefix(strings.TrimPrefix(imp, "parlatory"), "/")
	switch {
	case target == "":
		return ""
	case dir == ".":
		return "the root imports nothing of the project"
	}
	for _, leaf := range leaves {
		if below(target, leaf) && !below(dir, "internal/app") && !below(dir, leaf) {
			return "only app imports " + leaf
		}
	}
	from, to := floorOf(dir), floorOf(target)
	switch {
	case below(dir, "internal/outbound"):
		return outboundRule(dir, target)
	case from < 0 || to < 0:
		return ""
	case to < from:
		return "imports go downward"
	case to == from && !below(target, dir) && !below(dir, target):
		return roomRule(floors[from], dir, target)
	}
	return ""
}

// keeper is the row of the longest package name that fits.
func keeper(imp string) (where []string, kept bool) {
	most := ""
	for pkg, w := range keepers {
		if below(imp, pkg) && len(pkg) > len(most) {
			most, where, kept = pkg, w, true
		}
	}
	return where, kept
}

// The rules themselves are tested: what must be refused is, and what must be allowed is.
func TestRulesBite(t *testing.T) {
	for _, c := range []struct {
		dir, imp string
		allowed  bool
	}{
		// floors
		{"cmd/parlatory", "parlatory/internal/app", true}, {"internal/app", "parlatory/internal/edge/front", true},
		{"internal/edge/api", "parlatory/internal/domain/chat", true}, {"internal/domain/chat", "parlatory/internal/edge/api", false},
		{"internal/storage/db", "parlatory/internal/domain/chat", false}, {"internal/guard/access", "parlatory/internal/storage/db", false},
		{"internal/guard/access", "parlatory", true}, {"internal/edge/front", "parlatory/internal/app", false},
		{".", "parlatory/internal/guard/access", false}, {".", "github.com/google/uuid", false}, {".", "crypto/sha256", true},
		// rooms
		{"internal/storage/ledger", "parlatory/internal/storage/db", true}, {"internal/storage/db", "parlatory/internal/storage/ledger", false},
		{"internal/domain/signin", "parlatory/internal/domain/account", true}, {"internal/domain/account", "parlatory/internal/domain/signin", false},
		{"internal/domain/nowhere", "parlatory/internal/domain/account", false}, {"internal/guard/vault", "parlatory/internal/guard/credential", false},
		{"internal/edge/api", "parlatory/internal/edge/front", true}, {"internal/edge/front", "parlatory/internal/edge/api", false},
		{"internal/edge/live", "parlatory/internal/edge/api", false},
		// leaves and lines out
		{"internal/app", "parlatory/internal/outbound/mail", true}, {"internal/domain/workspace", "parlatory/internal/outbound/mail", false},
		{"internal/edge/front", "parlatory/web", false}, {"internal/app", "parlatory/web", true},
		{"internal/outbound/mail", "parlatory/internal/domain/workspace", true}, {"internal/outbound/mail", "parlatory/internal/storage/db", false},
		{"internal/outbound/mail", "parlatory/internal/outbound/dial", true},
		{"internal/outbound/s3", "parlatory/internal/storage/blob", true}, {"internal/outbound/s3", "parlatory/internal/storage/blob/blobtest", false},
		{"internal/outbound/s3", "parlatory/internal/storage/ledger", false}, {"internal/storage/blob", "parlatory/internal/outbound/s3", false},
		{"internal/outbound/clamav", "parlatory/internal/domain/file", true},
		// keepers
		{"internal/guard/vault", "crypto/aes", true}, {"internal/domain/chat", "crypto/aes", false}, {"cmd/parlatory", "crypto/cipher", false},
		{"internal/guard/credential", "golang.org/x/crypto/argon2", true}, {"internal/edge/front", "golang.org/x/crypto/argon2", false},
		{"internal/edge/front", "golang.org/x/crypto/ssh", true}, {"internal/outbound/sftp", "golang.org/x/crypto/ssh/agent", true},
		{"internal/guard/vault", "golang.org/x/crypto/ssh", false}, {"internal/domain/chat", "golang.org/x/crypto/ssh", false},
		{"internal/domain/chat", "net/http", false}, {"internal/edge/live", "net/http", true}, {"internal/domain/chat", "net/http/httptest", false},
		{"internal/storage/db", "database/sql", true}, {"internal/storage/ledger", "database/sql", false}, {"internal/storage/ledger", "github.com/jackc/pgx/v5", false},
		{"internal/edge/api", "crypto/tls", false}, {"internal/storage/db", "crypto/tls", true}, {"internal/guard/vault", "runtime/secret", true},
		{"internal/domain/chat", "parlatory/internal/config", false}, {"cmd/parlatory", "parlatory/internal/config", true},
		{"internal/guard/credential", "os/exec", true}, {"internal/guard/vault", "os/exec", false}, {"internal/domain/file", "os/exec", false}, {"internal/outbound/keycommand", "os/exec", true}, {"cmd/parlatory", "os/exec", false},
		{"internal/domain/chat", "crypto/aesthetic", true}, // a longer name is another package
	} {
		if why := forbidden(c.dir, c.imp); (why == "") != c.allowed {
			t.Errorf("%s imports %s: %q, allowed should be %v", c.dir, c.imp, why, c.allowed)
		}
	}
}

func outboundRule(dir, target string) string {
	if floorOf(target) >= 0 && !below(target, "internal/domain") && !below(target, "internal/guard") && target != "internal/storage/blob" {
		return "a line out imports the root and the package whose interface it fills"
	}
	return ""
}

func roomRule(floor, dir, target string) string {
	if floor == "cmd" || floor == "internal/app" {
		return ""
	}
	order := leftward[floor]
	room := func(p string) string { return strings.SplitN(strings.TrimPrefix(p, floor+"/"), "/", 2)[0] }
	a, b := slices.Index(order, room(dir)), slices.Index(order, room(target))
	switch {
	case floor == "internal/edge" && room(target) == "front":
		return ""
	case floor == "internal/domain" && room(dir) == "domaintest":
		return ""
	case b < 0 || a < 0 || b >= a:
		return "rooms of a floor import leftward only"
	}
	return ""
}

var forbiddenNames = []string{"util", "utils", "common", "helpers", "models", "types", "core", "manager", "service"}

func TestNoVaguePackages(t *testing.T) {
	for _, s := range sources(t) {
		if slices.Contains(forbiddenNames, filepath.Base(s.dir)) || slices.Contains(forbiddenNames, s.file.Name.Name) {
			t.Errorf("%s: package name says nothing", s.path)
		}
	}
}

// Each package has a plate: doc.go with what it owns and refuses.
func TestEveryPackageHasAPlate(t *testing.T) {
	dirs := map[string]bool{}
	for _, s := range sources(t) {
		dirs[s.dir] = true
	}
	for dir := range dirs {
		if !strings.HasPrefix(dir, "internal/") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, "doc.go"), nil, parser.ParseComments)
		if err != nil || f.Doc == nil || len(f.Doc.Text()) < 80 {
			t.Errorf("%s has no plate: doc.go with a package comment that says what it owns and refuses", dir)
		}
	}
}

// No init functions, and no goroutine is started by an import.
func TestNoInit(t *testing.T) {
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s has an init function", s.path)
			}
		}
	}
}

var (
	sqlVerb   = regexp.MustCompile(`^\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH)\s`)
	sqlTable  = regexp.MustCompile(`(?:FROM|JOIN|INTO|UPDATE)\s+([a-z_]+)`)
	migration = regexp.MustCompile(`CREATE TABLE ([a-z_]+)`)
)

// SQL stands in a room's sql.go or *_sql.go, pins the workspace with $1 (or is named …Across), and names the
// room's own tables only.
func TestStatements(t *testing.T) {
	owners := tableOwners(t)
	for _, s := range sources(t) {
		if !below(s.dir, "internal") || below(s.dir, "internal/storage/db") {
			continue
		}
		own := strings.HasSuffix(s.path, "/sql.go") || strings.HasSuffix(s.path, "_sql.go")
		ast.Inspect(s.file, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && !own && sqlVerb.MatchString(text(lit)) && sqlTable.MatchString(text(lit)) {
					t.Errorf("%s: SQL outside sql.go: %.60s", s.path, text(lit))
				}
				return true
			}
			if own {
				for i, name := range v.Names {
					if i < len(v.Values) {
						statement(t, s, owners, name.Name, flat(v.Values[i]))
					}
				}
			}
			return true
		})
	}
}

func statement(t *testing.T, s source, owners map[string]string, name, query string) {
	if !sqlVerb.MatchString(query) {
		return
	}
	across := strings.HasSuffix(name, "Across")
	pinned := strings.Contains(query, "workspace = $1") || strings.Contains(query, "INSERT INTO") && strings.Contains(query, "(workspace")
	if !across && !pinned {
		t.Errorf("%s: %s does not pin the workspace", s.path, name)
	}
	if across && !strings.HasPrefix(strings.TrimSpace(query), "SELECT") {
		t.Errorf("%s: %s reaches across workspaces and is no SELECT", s.path, name)
	}
	for _, m := range sqlTable.FindAllStringSubmatch(query, -1) {
		room := filepath.Base(s.dir)
		if owner, known := owners[m[1]]; known && owner != room {
			t.Errorf("%s: %s names table %s of room %s", s.path, name, m[1], owner)
		}
	}
}

// tableOwners reads which room's migration creates a table.
func tableOwners(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("internal/storage/db/migrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal("no migrations", err)
	}
	owners := map[string]string{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		_, room, _ := strings.Cut(strings.TrimSuffix(filepath.Base(f), ".sql"), "_")
		for _, m := range migration.FindAllStringSubmatch(string(b), -1) {
			if was, twice := owners[m[1]]; twice && was != room {
				t.Errorf("table %s belongs to %s and %s", m[1], was, room)
			}
			owners[m[1]] = room
		}
	}
	return owners
}

func text(l *ast.BasicLit) string { s, _ := strconv.Unquote(l.Value); return s }

// flat is the text of a constant expression, with other constants' names left out.
func flat(e ast.Expr) string {
	switch v := e.(type) {
	case *ast.BasicLit:
		return text(v)
	case *ast.BinaryExpr:
		return flat(v.X) + flat(v.Y)
	}
	return " "
}

// Dialling an address is for outbound and the database alone.
func TestOneDialler(t *testing.T) {
	for _, s := range sources(t) {
		if below(s.dir, "internal/outbound") || below(s.dir, "internal/storage/db") {
			continue
		}
		for _, what := range dials(s.file) {
			t.Errorf("%s: %s outside outbound", s.path, what)
		}
	}
}

// dialling is what opens a connection to somewhere, by package.
var dialling = map[string]*regexp.Regexp{
	"net":        regexp.MustCompile(`^Dial`), // Dial…, Dialer
	"crypto/tls": regexp.MustCompile(`^Dial`),
	"net/smtp":   regexp.MustCompile(`^(Dial|SendMail|NewClient)`),
	"net/rpc":    regexp.MustCompile(`^Dial`),
	"net/http":   regexp.MustCompile(`^(Get|Head|Post|PostForm|Client|DefaultClient|Transport|DefaultTransport)$`),
}

// dials lists the places where a file could open a connection, whatever name it imports the package by.
func dials(f *ast.File) (found []string) {
	names := map[string]string{}
	for _, i := range f.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		if dialling[path] == nil {
			continue
		}
		name := path[strings.LastIndex(path, "/")+1:]
		if i.Name != nil {
			name = i.Name.Name
		}
		if name == "." {
			found = append(found, "every name of "+path)
		}
		names[name] = path
	}
	ast.Inspect(f, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if pkg, ok := sel.X.(*ast.Ident); ok && names[pkg.Name] != "" && dialling[names[pkg.Name]].MatchString(sel.Sel.Name) {
			found = append(found, names[pkg.Name]+"."+sel.Sel.Name)
		}
		return true
	})
	return found
}

func TestDialsAreSeen(t *testing.T) {
	for code, want := range map[string]int{
		`import "net"; var c, _ = net.Dial("tcp", "a:1")`:                             1,
		`import "net"; var c, _ = net.DialTimeout("tcp", "a:1", 1)`:                   1,
		`import "net"; var d = net.Dialer{}`:                                          1,
		`import "net"; var d = new(net.Dialer)`:                                       1,
		`import far "net"; var c, _ = far.Dial("tcp", "a:1")`:                         1,
		`import . "net"; var c, _ = Dial("tcp", "a:1")`:                               1,
		`import "crypto/tls"; var c, _ = tls.Dial("tcp", "a:1", nil)`:                 1,
		`import "crypto/tls"; var c, _ = tls.DialWithDialer(nil, "tcp", "a:1", nil)`:  1,
		`import "crypto/tls"; var d = &tls.Dialer{}`:                                  1,
		`import "net/smtp"; var c, _ = smtp.Dial("a:1")`:                              1,
		`import "net/smtp"; var e = smtp.SendMail("a:1", nil, "", nil, nil)`:          1,
		`import "net/http"; var c = http.Client{}`:                                    1,
		`import "net/http"; var c = &http.Client{Timeout: 1}`:                         1,
		`import "net/http"; var r, _ = http.DefaultClient.Get("https://a")`:           1,
		`import "net/http"; var r, _ = http.Head("https://a")`:                        1,
		`import "net/http"; var t = http.DefaultTransport`:                            1,
		`import "net/http"; var t = &http.Transport{}`:                                1,
		`import "net"; var l, _ = net.Listen("tcp", "a:1")`:                           0,
		`import "net/http"; var m = http.MethodGet; var h http.Handler`:               0,
		`import "crypto/tls"; var c = &tls.Config{}`:                                  0,
		`import "parlatory/internal/outbound/dial"; var c = dial.New(dial.Options{})`: 0,
	} {
		f, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x\n"+code, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := dials(f); len(got) != want {
			t.Errorf("%s: %v", code, got)
		}
	}
}

// MarkWitnessed is the ledger's alone: who could call it elsewhere could commit an audited act without an entry.
func TestOnlyTheLedgerWitnesses(t *testing.T) {
	for _, s := range sources(t) {
		if below(s.dir, "internal/storage") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "MarkWitnessed" {
				t.Errorf("%s calls MarkWitnessed", s.path)
			}
			return true
		})
	}
}
