package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"

	"parlatory/test/rig"
)

// Parameters of the program's password hash (OWASP: m=19 MiB, t=2, p=1). The floor of a sign-in is this and nothing else.
const (
	argonMemory = 19 * 1024
	argonTime   = 2
	argonKey    = 32
)

// entrance is one line of JSON: sign-ins beside bare argon2id, and chat beside a flood of wrong sign-ins.
type entrance struct {
	Figure   string  `json:"figure"`
	Target   string  `json:"target"`
	Rounds   int     `json:"rounds"`
	Bare     float64 `json:"argon2id_per_s"`
	Signins  float64 `json:"signins_per_s"`
	Ratio    float64 `json:"ratio"`
	Quiet    float64 `json:"chat_quiet_p99_ms"`
	Flooded  float64 `json:"chat_flooded_p99_ms"`
	P99Ratio float64 `json:"chat_p99_ratio"`
	Tries    float64 `json:"wrong_signins_per_s"`
	Rest     float64 `json:"resident_quiet_mb"`
	Peak     float64 `json:"resident_flooded_peak_mb"`
}

const (
	signers  = 24  // people who sign in again and again, each from an address of their own
	flooders = 200 // wrong sign-ins under way at once
	perPlace = 80  // tries from one address, below the budget at which it is told to wait and costs nothing
)

// signin measures the way in, bar 5 of the issue.
func (b *bench) signin() (lines []string, err error) {
	fmt.Printf("sign-in: bare argon2id (19 MiB, t=2, p=1) and whole sign-ins in turns on the same cores; chat (open loop) quiet and beside %d wrong sign-ins at once\n", flooders)
	fmt.Printf("%-14s %10s %10s %7s %11s %11s %7s %9s %9s %9s\n", "target", "argon2id/s", "sign-ins/s", "ratio", "quiet p99", "flood p99", "ratio", "wrong/s", "quiet MB", "peak MB")
	for _, kind := range []string{"sqlite", "postgres"} {
		if !b.wants(kind) {
			continue
		}
		e, err := b.entranceOf(kind)
		if err != nil {
			return nil, fmt.Errorf("sign-in on %s: %w", kind, err)
		}
		fmt.Printf("%-14s %10.1f %10.1f %7.2f %11.2f %11.2f %7.2f %9.1f %9.0f %9.0f\n", e.Target, e.Bare, e.Signins, e.Ratio, e.Quiet, e.Flooded, e.P99Ratio, e.Tries, e.Rest, e.Peak)
		line, err := json.Marshal(e)
		if err != nil {
			return nil, fmt.Errorf("figure: %w", err)
		}
		lines = append(lines, string(line))
	}
	fmt.Println()
	return lines, nil
}

// turn is one round's figures.
type turn struct {
	bare, signins, tries float64
	quiet, flooded       result
	rest, peak           float64
}

func (b *bench) entranceOf(kind string) (e entrance, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	r, stop, err := b.server(ctx, "signin-"+kind, kind, true)
	if err != nil {
		return e, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	t := &target{name: kind, address: r.server.Address, ca: r.server.Authority.CA, server: r.server.PID(), pids: []int{r.server.PID()}}
	if r.database != 0 {
		t.pids = append(t.pids, r.database)
	}
	few := *b
	few.options.crowd = 0
	if err = few.seed(ctx, r.server, t); err != nil {
		return e, fmt.Errorf("seed: %w", err)
	}
	people, err := signersOf(ctx, r.server)
	if err != nil {
		return e, err
	}
	var turns []turn
	for i := range b.rounds {
		one, err := b.entranceTurn(ctx, r.server, t, people, i)
		if err != nil {
			return e, err
		}
		fmt.Fprintf(os.Stderr, "round %d sign-in %-8s argon2id %.1f/s, sign-ins %.1f/s; chat p99 %.1f ms quiet, %.1f ms beside %.1f wrong/s; %.0f MB, peak %.0f MB\n",
			i+1, kind, one.bare, one.signins, one.quiet.P99, one.flooded.P99, one.tries, one.rest, one.peak)
		turns = append(turns, one)
	}
	return sumUp(kind, turns), nil
}

func sumUp(kind string, turns []turn) entrance {
	mid := func(f func(turn) float64) float64 {
		all := slices.SortedFunc(slices.Values(turns), func(x, y turn) int { return cmp.Compare(f(x), f(y)) })
		return f(all[len(all)/2])
	}
	return entrance{Figure: "signin", Target: kind, Rounds: len(turns),
		Bare: mid(func(t turn) float64 { return t.bare }), Signins: mid(func(t turn) float64 { return t.signins }),
		Ratio: mid(func(t turn) float64 { return t.signins / t.bare }),
		Quiet: mid(func(t turn) float64 { return t.quiet.P99 }), Flooded: mid(func(t turn) float64 { return t.flooded.P99 }),
		P99Ratio: mid(func(t turn) float64 { return t.flooded.P99 / t.quiet.P99 }),
		Tries:    mid(func(t turn) float64 { return t.tries }), Rest: mid(func(t turn) float64 { return t.rest }), Peak: mid(func(t turn) float64 { return t.peak })}
}

// entranceTurn is one round: each figure right beside the one that it is compared with.
func (b *bench) entranceTurn(ctx context.Context, s *rig.Server, t *target, people []signer, round int) (one turn, err error) {
	one.bare = bareArgon(b.window)
	if one.signins, err = signins(ctx, people, b.window); err != nil {
		return one, err
	}
	time.Sleep(2 * time.Second) // letters and ledger heads of the sign-ins are written
	if one.quiet, err = b.measure(t, "open"); err != nil {
		return one, err
	}
	now, _, _ := rig.Memory(t.server)
	one.rest = float64(now) / (1 << 20)
	// A door that has seen 3,000 failures of strangers hears none for a while: each round floods a door of its own.
	door, err := s.Found(ctx, fmt.Sprintf("flood%d", round), "Flood", "Ada Founder")
	if err != nil {
		return one, err
	}
	f := startFlood(ctx, door, round)
	rig.ResetPeak(t.server)
	one.flooded, err = b.measure(t, "open")
	one.tries = f.stop()
	one.peak = one.flooded.Peak
	return one, err
}

// bareArgon is how many hashes a second all cores make, with nothing else to do.
func bareArgon(window time.Duration) float64 {
	var n atomic.Int64
	var wg sync.WaitGroup
	began := time.Now()
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			salt := make([]byte, 16)
			for time.Since(began) < window {
				_, _ = rand.Read(salt)
				argon2.IDKey([]byte(rig.Password), salt, argonTime, argonMemory, 1, argonKey)
				n.Add(1)
			}
		})
	}
	wg.Wait()
	return float64(n.Load()) / time.Since(began).Seconds()
}

// signer is somebody in the own browser.
type signer struct {
	browser *rig.Client
	person  rig.Person
}

func signersOf(ctx context.Context, s *rig.Server) (all []signer, err error) {
	w, err := s.Found(ctx, "signers", "Signers", "Ada Founder")
	if err != nil {
		return nil, err
	}
	for i := range signers {
		p := rig.Person{Address: fmt.Sprintf("signer%d@signers.example", i)}
		c, err := w.Hire(ctx, p.Address, fmt.Sprintf("Signer %d", i), "Agent")
		if err != nil {
			return nil, err
		}
		own := s.Client(w.Host()).From(fmt.Sprintf("127.0.10.%d", 1+i))
		own.Header.Set("Cookie", c.Header.Get("Cookie"))
		all = append(all, signer{own, p})
	}
	return all, nil
}

// signins is how many whole sign-ins a second are answered.
func signins(ctx context.Context, people []signer, window time.Duration) (float64, error) {
	var n atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, len(people))
	began := time.Now()
	for i, p := range people {
		wg.Go(func() {
			for time.Since(began) < window && errs[i] == nil {
				if errs[i] = p.browser.SignIn(ctx, p.person); errs[i] == nil && time.Since(began) < window {
					n.Add(1)
				}
			}
		})
	}
	wg.Wait()
	return float64(n.Load()) / window.Seconds(), errors.Join(errs...)
}

// flood is wrong sign-ins without end, from ever new addresses.
type flood struct {
	cancel context.CancelFunc
	wait   sync.WaitGroup
	n      atomic.Int64
	began  time.Time
}

func startFlood(ctx context.Context, w *rig.Workspace, round int) *flood {
	ctx, cancel := context.WithCancel(ctx)
	f := &flood{cancel: cancel, began: time.Now()}
	var place atomic.Int64
	for i := range flooders {
		f.wait.Go(func() {
			for ctx.Err() == nil {
				k := place.Add(1)
				c := w.Server.Client(w.Host()).From(fmt.Sprintf("127.%d.%d.%d", 100+round%100, k/250, 1+k%250))
				for n := 0; n < perPlace && ctx.Err() == nil; n++ {
					who := fmt.Sprintf("nobody%d-%d@%s.example", i, n, w.Subdomain)
					err := c.Do(ctx, "POST", "/api/v1/signin", map[string]any{"email": who, "password": "not the password 12"}, nil)
					if err != nil && strings.Contains(err.Error(), "refused with 401") {
						f.n.Add(1)
					}
				}
				c.Close()
			}
		})
	}
	return f
}

// stop ends it and gives the tries that were answered, a second.
func (f *flood) stop() float64 {
	rate := float64(f.n.Load()) / time.Since(f.began).Seconds()
	f.cancel()
	f.wait.Wait()
	return rate
}
