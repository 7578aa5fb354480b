package security

import (
	"bytes"
	"slices"

	"parlatory"
)

// logMost is for how many revisions the document says which lines they changed. Who knows an older one reads all lines.
const logMost = 64

// logged is what one revision changed. It stands in the sealed document, so that what it says was said by the program; what the lines are,
// their own rows say.
type logged struct {
	Revision uint32          `json:"revision"`
	At       int64           `json:"at"` // microseconds: when; two histories of one database differ in it
	First    parlatory.RowID `json:"first,omitzero"`
	Last     parlatory.RowID `json:"last,omitzero"`
}

// span is a part of the table of lines: the ids from first to last, which belong to it. The zero span is none.
type span struct{ first, last parlatory.RowID }

func before(a, b parlatory.RowID) bool { return bytes.Compare(a[:], b[:]) < 0 }

// touch says that the next revision of the document puts a line on or takes it off. Ids begin with their time, so that the lines of one
// act lie close together.
func (r *row) touch(id parlatory.RowID) {
	if r.touched.last.Zero() {
		r.touched = span{id, id}
	}
	if before(id, r.touched.first) {
		r.touched.first = id
	}
	if before(r.touched.last, id) {
		r.touched.last = id
	}
}

// note writes what the revision changed into the document's log.
func (r *row) note() {
	r.log = append(r.log, logged{r.revision, parlatory.Micros(r.changed), r.touched.first, r.touched.last})
	r.log = r.log[max(0, len(r.log)-logMost):]
	r.touched = span{}
}

// since gives the parts of the table that changed after what is known, in their order, none touching another. ok is false where the document
// does not say it: what is known is too old, or an earlier version of the program wrote in between, or the database was put back
// and has another history.
func (r row) since(c *compiled) (spans []span, ok bool) {
	at := slices.IndexFunc(r.log, func(l logged) bool { return l.Revision == c.revision && l.At == parlatory.Micros(c.changed) })
	if at < 0 && (c.revision != 0 || len(r.log) == 0 || r.log[0].Revision != 1) {
		return nil, false
	}
	if r.log[len(r.log)-1].Revision != r.revision {
		return nil, false
	}
	for _, l := range r.log[at+1:] {
		if !l.Last.Zero() {
			spans = append(spans, span{l.First, l.Last})
		}
	}
	return apart(spans), true
}

// apart sorts spans and joins those that meet.
func apart(spans []span) (out []span) {
	slices.SortFunc(spans, func(a, b span) int { return bytes.Compare(a.first[:], b.first[:]) })
	for _, s := range spans {
		last := len(out) - 1
		switch {
		case last < 0 || before(out[last].last, s.first):
			out = append(out, s)
		case before(out[last].last, s.last):
			out[last].last = s.last
		}
	}
	return out
}
