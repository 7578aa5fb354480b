package canary

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"parlatory/test/rig"
)

var parameterName = regexp.MustCompile(`\{[^}]*\}`)

// clearByDesign are the fields whose text is expected in the clear: both are names in the DNS, told to everybody who
// connects, and looked up before any key is at hand (docs/encryption.md).
var clearByDesign = map[string]string{
	"subdomain":   "a name in the DNS and in each certificate's name check",
	"site origin": "a name in the DNS; compared on each request of the widget",
}

// notDriven are text fields into which no text of one's own can be put, each with the reason.
var notDriven = map[string]string{
	"role":             "one of the names that GET /roles gives",
	"security_version": "must be the version in force",
	"privacy_version":  "must be the version in force",
	"language":         "a language tag (BCP 47)",
	"invitation":       "a token: made by the server, looked for as one",
	"ceremony":         "a token: made by the server, looked for as one",
	"code":             "six digits, of the one secret that is looked for",
	"mail_code":        "eight digits, made by the server",
	"scopes":           "names of acts",
	"networks":         "addresses, as network",
	"recovery_code":    "made by the server, looked for as one",
	"network":          "an address: 7 bytes are too few to look for in a database",
}

// elsewhere are fields of operations whose like is driven: a browser's key is needed for these.
var elsewhere = map[string]string{
	"POST /api/v1/contacts/{id}/erase confirm":       "the contact's id, typed again",
	"PUT /api/v1/encryption address":                 "where a key server answers, or the settings are refused",
	"POST /api/v1/encryption/test address":           "where a key server answers, or the settings are refused",
	"POST /api/v1/me/factors/passkey/confirm name":   "as the app's",
	"POST /api/v1/signin/enrol/passkey/confirm name": "as the app's",
	"POST /api/v1/signin/enrol/totp/confirm name":    "as My Account's, by the same lines",
}

// TestCanary is bar 1.
func TestCanary(t *testing.T) {
	if testing.Short() {
		t.Skip("starts servers")
	}
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) { canary(t, engine) })
	}
}

func canary(t *testing.T, engine string) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	dir := t.TempDir()
	temp := filepath.Join(dir, "temp")
	if err := os.Mkdir(temp, 0o700); err != nil {
		t.Fatal(err)
	}
	o := rig.Options{Dir: dir, Env: []string{"TMPDIR=" + temp, "SQLITE_TMPDIR=" + temp}}
	var database *rig.Database
	var err error
	if engine == "postgres" {
		// Each statement is logged with its values: what the database sees is what the test reads.
		if database, err = rig.NewDatabase("log_statement=all", "log_min_duration_statement=0", "log_parameter_max_length=-1", "log_parameter_max_length_on_error=-1"); err != nil {
			if os.Getenv("PARLATORY_REQUIRE_POSTGRES") == "" {
				t.Skip(err)
			}
			t.Fatal(err)
		}
		defer database.Close()
		o.Postgres = &database.Postgres
	}
	if o.Binary, err = rig.Build(ctx, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	s, err := rig.New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err = s.Start(ctx); err != nil {
		t.Fatal(err)
	}
	d := &drive{T: t, marks: &marks{all: map[string]string{}}, ctx: ctx, server: s}
	doc, ops := readSpec(t)
	seen := &coverage{marks: d.marks, ops: ops, seen: map[string]bool{}}
	s.Watch = seen.watch
	d.all()
	s.Watch = nil
	covered(t, doc, ops, seen)
	d.crawl(doc, ops)
	time.Sleep(2 * time.Second) // the ledger's sequencer and the mail's jobs have written by then

	files := 0
	look := func(root string, control bool) { files += inspect(t, d, root, control) }
	look(dir, engine == "sqlite") // while it runs: the write-ahead log is full
	if database != nil {
		dump(t, ctx, database, filepath.Join(dir, "dump.sql"))
		look(database.Dir, true)
	}
	if err = s.Stop(); err != nil {
		t.Fatal(err)
	}
	look(dir, true)
	t.Logf("%d marks, %d files", len(d.marks.all), files)
}

// covered fails for each text field of the API that was not driven.
func covered(t *testing.T, doc *document, ops []*operation, c *coverage) {
	t.Helper()
	fields := 0
	defer func() { t.Logf("%d operations, %d text fields", len(ops), fields) }()
	for _, o := range ops {
		names := o.Body.texts(doc)
		fields += len(names)
		slices.Sort(names)
		for _, name := range slices.Compact(names) {
			if notDriven[name] == "" && elsewhere[o.name()+" "+name] == "" && !c.seen[o.name()+" "+name] {
				t.Errorf("%s: no mark was put into %q; drive it, or list in notDriven why it takes no text", o.name(), name)
			}
		}
	}
}

// inspect searches a folder. With control set the subdomain must be found there, or the search looks at the wrong place.
func inspect(t *testing.T, d *drive, root string, control bool) int {
	t.Helper()
	found, files, err := newSearch(d.marks).tree(root)
	if err != nil {
		t.Fatal(err)
	}
	controlled := false
	for _, f := range found {
		if clearByDesign[f.field] != "" {
			controlled = controlled || f.field == "subdomain"
			continue
		}
		t.Errorf("%s lies as %s in %s", f.field, f.form, f.where)
	}
	if control && !controlled {
		t.Errorf("not even the subdomain is found in %s: the search looks at the wrong files", root)
	}
	return files
}

// dump writes a plain dump as an operator's backup would, in which bytes are hexadecimal.
func dump(t *testing.T, ctx context.Context, database *rig.Database, file string) {
	t.Helper()
	programs, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pg_dump")
	if len(programs) == 0 {
		t.Fatal("pg_dump is not installed")
	}
	u, err := url.Parse(database.URL)
	if err != nil {
		t.Fatal(err)
	}
	// The superuser on the cluster's own socket: row security hides every row from anybody else.
	cmd := exec.CommandContext(ctx, programs[len(programs)-1], "-h", database.Dir, "-p", u.Port(), "-U", "postgres", "-f", file, strings.TrimPrefix(u.Path, "/"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("dump: %v: %s", err, out)
	}
}
