package security

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"parlatory"
	"parlatory/internal/guard/policy"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// badMost is how many bad lines an import names; the others are counted.
const badMost = 100

// BadLine is a line of a file that can't be taken.
type BadLine struct {
	Line   int // as an editor counts
	Reason string
}

// Import is what a file holds for a list.
type Import struct {
	Entries  []Entry // what would be new, or is
	Known    int     // lines that the list has already
	Doubled  int     // lines that say what an earlier one said
	Bad      []BadLine
	BadCount int
}

func (i *Import) bad(line int, reason string) {
	if i.BadCount++; len(i.Bad) < badMost {
		i.Bad = append(i.Bad, BadLine{line, reason})
	}
}

// importLines is how many lines of a file are added in one transaction. Whoever else writes waits for one of them, not for the file.
const importLines = 500

// Import reads lines of a visitors' list from a table: network, remark, ends_at. With dry it only says what they are; without it the good
// ones that are new are added, in parts, each with its entry in the ledger. One that ends early leaves the parts before it on the list,
// and the same file again adds the rest.
func (r *Room) Import(ctx context.Context, actor parlatory.Actor, list List, text string, dry bool) (Import, error) {
	if _, err := r.o.Law.Permit(ctx, actor, ActEditVisitorList); err != nil {
		return Import{}, err
	}
	if list != BlockList && list != AllowList {
		return Import{}, parlatory.Invalid("list", "must be block or allow")
	}
	read := readCSV(text)
	r.forget(actor.Workspace)
	there, err := r.rules(ctx, actor.Workspace)
	if err != nil {
		return Import{}, err
	}
	known := map[policy.Network]bool{}
	for _, l := range there.rules {
		known[l.network] = known[l.network] || l.list == list
	}
	in := Import{Doubled: read.Doubled, Bad: read.Bad, BadCount: read.BadCount}
	for i := range read.Entries {
		e, line := read.Entries[i], read.at[i]
		e.List = list
		if known[e.Network] {
			in.Known++
			continue
		}
		if err := r.sound(ctx, actor.Workspace, &e); err != nil {
			in.bad(line, reasonOf(err))
			continue
		}
		in.Entries = append(in.Entries, e)
	}
	slices.SortFunc(in.Bad, func(a, b BadLine) int { return a.Line - b.Line })
	if dry {
		return in, nil
	}
	if len(in.Entries) == 0 {
		return in, parlatory.Conflict("There is no new line in this file.")
	}
	if err := fits(there.sizes[list], len(in.Entries)); err != nil {
		return in, err
	}
	return in, r.addParts(ctx, actor, list, in.Entries)
}

func (r *Room) addParts(ctx context.Context, actor parlatory.Actor, list List, entries []Entry) error {
	parts := (len(entries) + importLines - 1) / importLines
	for i := range parts {
		from, to := i*importLines, min((i+1)*importLines, len(entries))
		err := r.add(ctx, actor, list, entries[from:to], fmt.Sprintf("Import, part %d of %d", i+1, parts))
		for again := 0; again < 3 && errors.Is(err, errMoved); again++ { // two nodes wrote at once
			err = r.add(ctx, actor, list, entries[from:to], fmt.Sprintf("Import, part %d of %d", i+1, parts))
		}
		if err != nil {
			return partly(err, from, len(entries))
		}
	}
	return nil
}

// partly says of an import that ended early how far it came, unless the answer is about the person.
func partly(err error, done, all int) error {
	kind := parlatory.KindOf(err)
	if done == 0 || kind != parlatory.KindConflict && kind != parlatory.KindUnavailable && kind != parlatory.KindInternal {
		return err
	}
	return parlatory.Fail(kind, fmt.Sprintf("%d of %d lines were imported, and then it stopped. Import the same file again: it adds the rest.", done, all)).Because(err)
}

// reasonOf is what an error says of a line.
func reasonOf(err error) string {
	var e *parlatory.Error
	if errors.As(err, &e) && len(e.Fields) > 0 {
		return e.Fields[0].Name + " " + e.Fields[0].Reason
	}
	return "cannot be read"
}

// Export gives all lines of a visitors' list, after it has witnessed that somebody took them.
func (r *Room) Export(ctx context.Context, actor parlatory.Actor, list List) (all []Entry, err error) {
	permit, err := r.o.Law.Permit(ctx, actor, ActExportVisitorList)
	if err != nil {
		return nil, err
	}
	held, err := Key(ctx, r.o.Ring, actor.Workspace)
	if err != nil {
		return nil, err
	}
	pen, err := r.o.Ledger.Pen(ctx, actor.Workspace)
	if err != nil {
		return nil, err
	}
	err = r.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		all, err = page(tx, held, list, parlatory.RowID{}, linesMost)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if err := r.o.Steady(tx, actor); err != nil {
			return err
		}
		return pen.Witness(tx, ledger.Entry{Action: ledger.Downloaded, Element: elementOf(list), ID: actor.Workspace.Raw(), New: linesOf(list, all)})
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// table is what a file holds, each entry with its line.
type table struct {
	Import
	at []int
}

// columns are where a table has what; a header may put them in another order.
type columns struct{ network, remark, ends int }

// readCSV reads RFC 4180 as spreadsheets write it: a byte order mark, commas, semicolons or tabs, any line ends, a header or none.
func readCSV(text string) (t table) {
	text = strings.TrimPrefix(text, "\ufeff")
	c := csv.NewReader(strings.NewReader(text))
	c.Comma, c.FieldsPerRecord, c.LazyQuotes, c.TrimLeadingSpace, c.ReuseRecord = comma(text), -1, true, true, true
	cols, first := columns{0, 1, 2}, true
	seen := map[policy.Network]bool{}
	for {
		record, err := c.Read()
		if errors.Is(err, io.EOF) {
			return t
		}
		if err != nil {
			var p *csv.ParseError
			if errors.As(err, &p) {
				t.bad(p.StartLine, "cannot be read as a line of a table")
			}
			return t // what follows a broken quote is not what it seems
		}
		line, _ := c.FieldPos(0)
		if first {
			first = false
			if named, ok := header(record); ok {
				cols = named
				continue
			}
		}
		if len(t.Entries) > linesMost {
			t.bad(line, "is beyond what one list can hold")
			return t
		}
		e, err := cols.entry(record)
		switch {
		case err != nil:
			t.bad(line, reasonOf(err))
		case seen[e.Network]:
			t.Doubled++
		default:
			seen[e.Network] = true
			t.Entries, t.at = append(t.Entries, e), append(t.at, line)
		}
	}
}

// comma is what parts the fields: what the first line has outside of quotes, a semicolon or a tab before a comma.
func comma(text string) rune {
	line, _, _ := strings.Cut(text, "\n")
	found, quoted := ',', false
	for _, c := range line {
		switch {
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ';' || c == '\t'):
			return c
		}
	}
	return found
}

func header(record []string) (columns, bool) {
	c := columns{-1, -1, -1}
	for i, name := range record {
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "network", "address", "ip", "ip address":
			c.network = i
		case "remark", "comment", "note":
			c.remark = i
		case "ends_at", "ends", "until", "end date":
			c.ends = i
		}
	}
	return c, c.network >= 0
}

func (c columns) entry(record []string) (e Entry, err error) {
	cell := func(i int) string {
		if i < 0 || i >= len(record) {
			return ""
		}
		s := strings.TrimSpace(record[i])
		if len(s) > 1 && s[0] == '\'' && strings.ContainsRune("=+-@", rune(s[1])) {
			s = s[1:] // the mark of an export against formulas
		}
		return s
	}
	if e.Network, err = policy.ParseNetwork(cell(c.network)); err != nil {
		return e, err
	}
	e.Remark = cell(c.remark)
	e.EndsAt, err = endOf(cell(c.ends))
	return e, err
}

// endOf reads a moment, or a day, at whose end (UTC) the line ends.
func endOf(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339, s); err == nil {
		return at.UTC(), nil
	}
	day, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return day, parlatory.Invalid("ends_at", "must be a date like 2027-03-31")
	}
	return day.AddDate(0, 0, 1), nil
}
