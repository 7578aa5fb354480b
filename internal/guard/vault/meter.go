package vault

import (
	"errors"
	"sync"
	"sync/atomic"

	"parlatory"
)

const (
	// Budget is how many seals a process notes at once. What it sealed since the last note is lost with it in a crash, so
	// that a count may be too low by one budget for each crash: with MaxSeals at half of what NIST SP 800-38D §8.3 allows
	// for random nonces (2^32), 2^11 crashes of one key fit in.
	Budget = 1 << 20
	// NextSeals is the count at which a key's next version begins.
	NextSeals = 1 << 31
	// MaxSeals is the count at which a key seals nothing any more.
	MaxSeals = 1 << 32
	// unnoted is how many seals of one key a process makes before it notes any: most keys never come so far.
	unnoted = 1 << 12
	// metersMost bounds the keys that are counted at once; those with few seals go first.
	metersMost = 1 << 16
)

// ErrSpent is a key that has sealed as much as its random nonces allow.
var ErrSpent = errors.New("key has sealed all that it may")

// meter counts the seals of one version of a key in this process.
type meter struct {
	workspace parlatory.WorkspaceID
	subject   Subject
	version   uint32
	used      atomic.Int64 // since the last note
	noted     atomic.Int64 // by all processes, as of the last note or fetch
	next      atomic.Int64 // used at which the ring is told
}

// count takes one seal and reports whether it is time for a note.
func (m *meter) count() (note bool, err error) {
	n := m.used.Add(1)
	if m.noted.Load()+n > MaxSeals {
		return false, ErrSpent
	}
	next := m.next.Load()
	return n >= next && m.next.CompareAndSwap(next, n+Budget), nil
}

// take is what a note would write; done says that it is written.
func (m *meter) take() int64 { return m.used.Load() }

func (m *meter) done(taken, noted int64) {
	m.used.Add(-taken)
	m.noted.Store(noted)
	m.next.Store(Budget)
}

// meters are those of a process, by key id, so that a key that is fetched again goes on counting.
type meters struct {
	mu   sync.Mutex
	all  map[parlatory.KeyID]*meter
	full chan *meter // told when it is time for a note; a full channel loses nothing, since the next note takes all
}

func newMeters() *meters {
	return &meters{all: map[parlatory.KeyID]*meter{}, full: make(chan *meter, 64)}
}

func (m *meters) of(w Wrapped) *meter {
	m.mu.Lock()
	defer m.mu.Unlock()
	one := m.all[w.ID]
	if one == nil {
		if len(m.all) >= metersMost {
			m.thin()
		}
		one = &meter{workspace: w.Workspace, subject: w.Subject, version: w.Version}
		one.next.Store(unnoted)
		m.all[w.ID] = one
	}
	if seals := int64(min(w.Seals, MaxSeals)); seals > one.noted.Load() {
		one.noted.Store(seals)
	}
	return one
}

// thin drops the keys that have sealed little.
func (m *meters) thin() {
	for id, one := range m.all {
		if one.used.Load() < unnoted {
			delete(m.all, id)
		}
	}
	if len(m.all) >= metersMost {
		clear(m.all)
	}
}

func (m *meters) tell(one *meter) {
	select {
	case m.full <- one:
	default:
		one.next.Store(one.used.Load() + unnoted) // nobody listens at the moment: tell again later
	}
}
