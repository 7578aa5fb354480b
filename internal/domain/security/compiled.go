package security

import (
	"iter"
	"maps"
	"net/netip"
	"slices"
	"sort"
	"time"
	"unique"

	"parlatory"
	"parlatory/internal/guard/policy"
)

// rule is what a node remembers of a line: what it judges by, and the id by which a change finds it. About a hundred bytes.
type rule struct {
	id parlatory.RowID
	place
	network policy.Network
	ends    int64 // microseconds; 0: never
}

// place is where a line counts.
type place struct {
	list List
	role string // of the staff list; "" is for all
}

// ruleOf keeps of a line what the gate needs. Its few words are shared by all lines.
func ruleOf(e Entry) rule {
	r := rule{id: e.ID, place: place{List(unique.Make(string(e.List)).Value()), unique.Make(e.Role).Value()}, network: e.Network}
	if !e.EndsAt.IsZero() {
		r.ends = parlatory.Micros(e.EndsAt)
	}
	return r
}

func (r rule) ended(at int64) bool { return r.ends != 0 && r.ends <= at }

// compiled is a workspace's settings and lists, ready to judge by. It is never changed once it is made: what follows from it is another
// one that shares what is the same, so that nobody who looks something up waits for it.
type compiled struct {
	document
	revision uint32
	changed  time.Time
	rules    []rule                     // of all lists, those that have ended too, by id
	sets     map[place]*policy.Networks // of those that have not
	sizes    map[List]int
	at       int64     // microseconds: when it was judged which lines have ended
	until    time.Time // when the next line with an end date ends; zero: never
	proved   time.Time // when all lines were last read
}

// compile makes the sets of a document and all lines, which come in the order of their ids.
func compile(doc row, rules []rule, now time.Time) *compiled {
	c := &compiled{document: doc.document, revision: doc.revision, changed: doc.changed, proved: now, at: parlatory.Micros(now),
		rules: rules, sets: map[place]*policy.Networks{}, sizes: map[List]int{}}
	for _, r := range rules {
		c.sizes[r.list]++
		c.sets[r.place] = nil
	}
	for p := range c.sets {
		c.sets[p] = policy.CollectNetworks(c.live(p))
	}
	c.expire(c.at)
	return c
}

// with is what c becomes by a newer document, of which some parts of the table were read again: what stood there and was not read is gone.
// It is a matter of copying where few lines change, however long the lists are.
func (c *compiled) with(doc row, spans []span, read []rule, now time.Time) *compiled {
	n := &compiled{document: doc.document, revision: doc.revision, changed: doc.changed, proved: c.proved, at: parlatory.Micros(now)}
	n.sets, n.sizes = maps.Clone(c.sets), maps.Clone(c.sizes)
	var gone, came []rule
	n.rules, gone, came = replaced(c.rules, spans, read)
	for _, r := range gone {
		n.sizes[r.list]--
	}
	for _, r := range came {
		n.sizes[r.list]++
	}
	n.renew(append(gone, n.expire(c.at)...), came)
	return n
}

// holds says whether no line has ended since.
func (c *compiled) holds(now time.Time) bool { return c.until.IsZero() || now.Before(c.until) }

// later is c without the lines that have ended since.
func (c *compiled) later(now time.Time) *compiled {
	if c.holds(now) {
		return c
	}
	return c.with(row{document: c.document, revision: c.revision, changed: c.changed}, nil, nil, now)
}

// replaced puts what was read in the place of what stood in the spans, and says what is not there any more and what is new.
func replaced(rules []rule, spans []span, read []rule) (now, gone, came []rule) {
	now = make([]rule, 0, len(rules)+len(read))
	for _, s := range spans {
		from := sort.Search(len(rules), func(i int) bool { return !before(rules[i].id, s.first) })
		to := sort.Search(len(rules), func(i int) bool { return before(s.last, rules[i].id) })
		in := sort.Search(len(read), func(i int) bool { return before(s.last, read[i].id) })
		now = append(append(now, rules[:from]...), read[:in]...)
		gone, came = exchanged(rules[from:to], read[:in], gone, came)
		rules, read = rules[to:], read[in:]
	}
	return append(now, rules...), gone, came
}

// exchanged compares what stood in a part with what was read of it.
func exchanged(was, is, gone, came []rule) (g, c []rule) {
	for len(was) > 0 && len(is) > 0 {
		switch {
		case was[0] == is[0]:
			was, is = was[1:], is[1:]
		case !before(is[0].id, was[0].id):
			gone, was = append(gone, was[0]), was[1:]
		default:
			came, is = append(came, is[0]), is[1:]
		}
	}
	return append(gone, was...), append(came, is...)
}

// expire finds when the next line ends, and the lines that have ended since an earlier moment.
func (c *compiled) expire(since int64) (ended []rule) {
	next := int64(0)
	for _, r := range c.rules {
		switch {
		case r.ends == 0:
		case r.ended(since):
		case r.ended(c.at):
			ended = append(ended, r)
		case next == 0 || r.ends < next:
			next = r.ends
		}
	}
	if next != 0 {
		c.until = parlatory.FromMicros(next)
	}
	return ended
}

// fewGone is how many lines are taken off one by one; with more, a set is made anew.
const fewGone = 16

// renew makes the sets in which lines came or went.
func (c *compiled) renew(gone, came []rule) {
	off, on := map[place][]policy.Network{}, map[place][]policy.Network{}
	for _, r := range gone {
		off[r.place] = append(off[r.place], r.network)
	}
	for _, r := range came {
		if !r.ended(c.at) {
			on[r.place] = append(on[r.place], r.network)
		}
	}
	for p := range off {
		c.renewOne(p, off[p], on[p])
	}
	for p := range on {
		if off[p] == nil {
			c.renewOne(p, nil, on[p])
		}
	}
}

func (c *compiled) renewOne(p place, off, on []policy.Network) {
	set := c.sets[p]
	if set == nil || len(off) > fewGone || len(on) > len(c.rules)/8 {
		c.sets[p] = policy.CollectNetworks(c.live(p))
		return
	}
	if len(off) > 0 {
		set = set.Without(off, c.live(p))
	}
	c.sets[p] = set.With(on...)
}

// live are the lines of a place that have not ended.
func (c *compiled) live(p place) iter.Seq[policy.Network] {
	return func(yield func(policy.Network) bool) {
		for _, r := range c.rules {
			if r.place == p && !r.ended(c.at) && !yield(r.network) {
				return
			}
		}
	}
}

// lists says whether the staff list has an address for a role.
func (c *compiled) lists(a netip.Addr, role string) bool {
	return c.sets[place{StaffList, ""}].Contains(a) || role != "" && c.sets[place{StaffList, role}].Contains(a)
}

// reaches is lists, without some lines that are about to go.
func (c *compiled) reaches(a netip.Addr, role string, without []parlatory.RowID) bool {
	if len(without) == 0 || !c.lists(a, role) {
		return c.lists(a, role)
	}
	return slices.ContainsFunc(c.rules, func(r rule) bool {
		return r.list == StaffList && (r.role == "" || r.role == role) && r.network.Contains(a) && !slices.Contains(without, r.id)
	})
}

// welcomes says whether the visitors' list that is in force lets an address in.
func (c *compiled) welcomes(a netip.Addr) bool {
	switch c.VisitorMode {
	case Block:
		return !c.sets[place{list: BlockList}].Contains(a)
	case Allow:
		return c.sets[place{list: AllowList}].Contains(a)
	}
	return true
}
