package vault

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"parlatory"
)

// farRoot is a key file behind a line that a test cuts.
type farRoot struct {
	Root
	mu    sync.Mutex
	fault error
	asked int
}

func (f *farRoot) set(err error) { f.mu.Lock(); f.fault = err; f.mu.Unlock() }
func (f *farRoot) calls() int    { f.mu.Lock(); defer f.mu.Unlock(); return f.asked }

func (f *farRoot) Unwrap(ctx context.Context, wrapped, ad []byte) ([]byte, error) {
	f.mu.Lock()
	f.asked++
	err := f.fault
	f.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return f.Root.Unwrap(ctx, wrapped, ad)
}

// far is a workspace whose root is on another machine, on a clock that the test moves; the house is below a key file.
func far(t *testing.T, grace time.Duration) (r *Ring, root *farRoot, clock *handClock, ws parlatory.WorkspaceID) {
	t.Helper()
	clock = &handClock{now: time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)}
	root = &farRoot{Root: newRoot(t)}
	m := newMemory()
	o := Options{Anchors: Fixed{RootFile: {Root: newRoot(t)}, RootServer: {Root: root, Grace: grace}}, Shelf: m, Clock: clock}
	r = NewRing(o)
	f, err := r.Found(t.Context(), parlatory.House)
	if err != nil {
		t.Fatal(err)
	}
	m.put(f.Wrapped()...)
	o.New = RootServer
	founder := NewRing(o)
	ws = space(t, founder, m)
	return r, root, clock, ws
}

// confirmed has the ring ask all roots that are due, and waits.
func confirmed(t *testing.T, r *Ring) {
	t.Helper()
	var asking sync.WaitGroup
	r.confirmAll(t.Context(), &asking)
	asking.Wait()
}

var place = Binding{Table: "settings", Row: [16]byte{1}}

func works(t *testing.T, r *Ring, ws parlatory.WorkspaceID) error {
	t.Helper()
	h, err := r.Hold(t.Context(), ws, Settings)
	if err != nil {
		return err
	}
	_, err = h.Seal(place, []byte("x"))
	return err
}

func TestAC_124_KeysServeForTheGraceAndNoLonger(t *testing.T) {
	for name, grace := range map[string]time.Duration{"none": 0, "ten minutes": 10 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			r, root, clock, ws := far(t, grace)
			if err := works(t, r, ws); err != nil {
				t.Fatal(err)
			}
			h := hold(t, r, ws, Settings)
			root.set(ErrAway)
			for gone := time.Duration(0); gone < time.Minute+grace; gone += 20 * time.Second {
				if err := works(t, r, ws); err != nil {
					t.Fatalf("%v after the last answer: %v", gone, err)
				}
				clock.add(20 * time.Second)
				confirmed(t, r)
			}
			clock.add(time.Second)
			var public *parlatory.Error
			if err := works(t, r, ws); !errors.Is(err, ErrAway) || !errors.As(err, &public) || public.Kind != parlatory.KindUnavailable {
				t.Fatalf("after the grace: %v", err)
			}
			if _, err := h.Seal(place, nil); !errors.Is(err, ErrAway) {
				t.Errorf("a handle outlived the grace: %v", err)
			}
			if err := works(t, r, parlatory.House); err != nil {
				t.Errorf("the house: %v", err)
			}
			root.set(nil)
			clock.add(paceOf(0).pause)
			if err := works(t, r, ws); err != nil {
				t.Errorf("when it is back: %v", err)
			}
			if _, err := h.Seal(place, nil); err != nil {
				t.Errorf("an old handle when it is back: %v", err)
			}
		})
	}
}

// Nobody waits for a root that has just failed somebody else.
func TestAFailureAnswersForAll(t *testing.T) {
	r, root, clock, ws := far(t, 0)
	root.set(ErrAway)
	for range 100 {
		if err := works(t, r, ws); !errors.Is(err, ErrAway) {
			t.Fatal(err)
		}
	}
	if n := root.calls(); n != 1 {
		t.Errorf("the root was asked %d times", n)
	}
	root.set(nil)
	clock.add(paceOf(0).pause)
	if err := works(t, r, ws); err != nil {
		t.Error(err)
	}
}

// A room that is opened twice asks the root once, and so do a thousand.
func TestTheRootIsAskedOnce(t *testing.T) {
	r, root, clock, ws := far(t, 0)
	for range 1000 {
		if err := works(t, r, ws); err != nil {
			t.Fatal(err)
		}
	}
	if n := root.calls(); n != 1 {
		t.Errorf("the root was asked %d times", n)
	}
	clock.add(paceOf(0).holds / 2)
	confirmed(t, r)
	if err := works(t, r, ws); err != nil || root.calls() != 2 {
		t.Errorf("%d calls after half a minute, %v", root.calls(), err)
	}
}

func TestAC_124_AWithdrawnKeyIsWipedAtOnce(t *testing.T) {
	r, root, clock, ws := far(t, time.Hour)
	if err := works(t, r, ws); err != nil {
		t.Fatal(err)
	}
	h := hold(t, r, ws, Settings)
	sealed := seal(t, h, place, "x")
	root.set(ErrWithdrawn)
	clock.add(paceOf(0).holds / 2)
	confirmed(t, r)
	if _, err := h.Open(place, sealed); !errors.Is(err, ErrWithdrawn) {
		t.Errorf("a handle outlived the withdrawal: %v", err)
	}
	if err := works(t, r, ws); !errors.Is(err, ErrWithdrawn) {
		t.Errorf("after the withdrawal: %v", err)
	}
	for s := range r.subjects.items {
		if s.workspace == ws {
			t.Errorf("key of %s is still in memory", s.subject.Kind)
		}
	}
	if err := works(t, r, parlatory.House); err != nil {
		t.Errorf("the house: %v", err)
	}
	root.set(nil)
	clock.add(paceOf(0).pause)
	confirmed(t, r)
	if plain, err := h.Open(place, sealed); err != nil || string(plain) != "x" {
		t.Errorf("when it is given back: %v", err)
	}
}

// Keys of a workspace that nobody uses leave the memory, but not while they could not be fetched again.
func TestIdleKeysLeave(t *testing.T) {
	r, root, clock, ws := far(t, time.Hour)
	count := func() (n int) {
		for s := range r.spaces.items {
			if s.workspace == ws {
				n++
			}
		}
		return n
	}
	if err := works(t, r, ws); err != nil {
		t.Fatal(err)
	}
	root.set(ErrAway)
	for range 40 {
		clock.add(20 * time.Second)
		confirmed(t, r)
	}
	if count() == 0 {
		t.Error("dropped although the root is away")
	}
	root.set(nil)
	clock.add(paceOf(0).holds) // failures are asked about less and less often
	confirmed(t, r)
	clock.add(idleAfter)
	confirmed(t, r)
	if count() != 0 {
		t.Error("still in memory")
	}
}

func TestLaterVersionsOpenAtOnceAndSealLater(t *testing.T) {
	clock := &handClock{now: time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)}
	m := newMemory()
	r := NewRing(Options{Root: newRoot(t), Shelf: m, Clock: clock})
	f, err := r.Found(t.Context(), parlatory.House)
	if err != nil {
		t.Fatal(err)
	}
	m.put(f.Wrapped()...)
	first := seal(t, hold(t, r, parlatory.House, Settings), place, "first")
	w, err := r.MintVersion(t.Context(), parlatory.House, Settings, 2)
	if err != nil {
		t.Fatal(err)
	}
	m.put(w)
	r.Forget(parlatory.House, Settings)
	if s := seal(t, hold(t, r, parlatory.House, Settings), place, "x"); s.Version() != 1 {
		t.Errorf("sealed with version %d before all nodes know it", s.Version())
	}
	clock.add(SettleAfter)
	h := hold(t, r, parlatory.House, Settings)
	second := seal(t, h, place, "second")
	if second.Version() != 2 || h.Version() != 2 {
		t.Errorf("sealed with version %d", second.Version())
	}
	for want, s := range map[string]Sealed{"first": first, "second": second} {
		if plain, err := h.Open(place, s); err != nil || string(plain) != want {
			t.Errorf("%s: %q, %v", want, plain, err)
		}
	}
	mixed := append([]byte(nil), first.b...)
	mixed[4] = 2
	refuses(t, "the first version's value as the second's", h, place, Sealed{mixed})
	mixed[4] = 3
	refuses(t, "a value of a version that is not there", h, place, Sealed{mixed})
}

func TestWorkspaceKeysRotateAndMove(t *testing.T) {
	r, m := house(t)
	contact := ContactKey(newID[parlatory.ContactKind]())
	ws := space(t, r, m, contact)
	value := seal(t, hold(t, r, ws, contact), place, "said")
	next, err := r.MintWorkspace(t.Context(), ws)
	if err != nil || next.Version != 2 {
		t.Fatal(next.Version, err)
	}
	m.put(next)
	x, err := r.Rewrapper(t.Context(), ws, []uint32{1})
	if err != nil || x.To() != 2 {
		t.Fatal(err)
	}
	old := m.keys[slot{ws, contact, 1}]
	again, err := x.Rewrap(old)
	if err != nil || again.Parent != 2 {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*Wrapped){
		"another subject": func(w *Wrapped) { w.Subject.ID[0]++ },
		"another version": func(w *Wrapped) { w.Version++ },
		"another parent":  func(w *Wrapped) { w.Parent = 9 },
		"a changed bit":   func(w *Wrapped) { w.Blob = append([]byte(nil), w.Blob...); w.Blob[60] ^= 1 },
		"other workspace": func(w *Wrapped) { w.Workspace = parlatory.House },
	} {
		bad := old
		change(&bad)
		if _, err := x.Rewrap(bad); !errors.Is(err, ErrOpen) {
			t.Errorf("wrapped again with %s: %v", what, err)
		}
	}
	m.put(again)
	r.ForgetWorkspace(ws)
	if plain, err := hold(t, r, ws, contact).Open(place, value); err != nil || string(plain) != "said" {
		t.Errorf("after the rotation: %q, %v", plain, err)
	}
	elsewhere := newRoot(t)
	moved, err := MoveBetween(t.Context(), next, r.anchors.(Fixed)[RootFile].Root, elsewhere, RootServer)
	if err != nil || moved.Root != RootServer {
		t.Fatal(err)
	}
	both := NewRing(Options{Anchors: Fixed{RootFile: r.anchors.(Fixed)[RootFile], RootServer: {Root: elsewhere}}, Shelf: m})
	m.put(moved)
	if plain, err := hold(t, both, ws, contact).Open(place, value); err != nil || string(plain) != "said" {
		t.Errorf("after the move: %q, %v", plain, err)
	}
	moved.Root = RootFile
	m.put(moved)
	both.ForgetWorkspace(ws)
	if _, err := both.Hold(t.Context(), ws, contact); !errors.Is(err, ErrOpen) {
		t.Errorf("the wrong root: %v", err)
	}
}

func TestSealsAreCounted(t *testing.T) {
	r, m := house(t)
	h := hold(t, r, parlatory.House, Settings)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = r.Run(ctx) })
	for i := range 3 * unnoted {
		if i%1000 == 0 { // a key that is fetched again goes on counting
			r.Forget(parlatory.House, Settings)
			h = hold(t, r, parlatory.House, Settings)
		}
		seal(t, h, place, "x")
	}
	stop()
	running.Wait()
	m.mu.Lock()
	w := m.keys[slot{parlatory.House, Settings, 1}]
	m.mu.Unlock()
	if w.Seals < 2*unnoted || w.Seals > 3*unnoted {
		t.Errorf("%d seals are noted of %d", w.Seals, 3*unnoted)
	}
	w.Seals = MaxSeals - 2
	m.put(w)
	fresh := NewRing(Options{Anchors: r.anchors, Shelf: m})
	h = hold(t, fresh, parlatory.House, Settings)
	var err error
	for range 3 {
		_, err = h.Seal(place, nil)
	}
	if !errors.Is(err, ErrSpent) {
		t.Errorf("sealed beyond 2^32: %v", err)
	}
}
