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
	"sync"
	"sync/atomic"
	"syscall"
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

// entrance is one line of JSON: sign-ins beside bare argon2id, and chat beside a flood of wrong sign-ins. What a core-second brings
// leaves out the client, which shares the cores here and nowhere else, and counts the server, the processes that hash, and the database.
type entrance struct {
	Figure   string  `json:"figure"`
	Target   string  `json:"target"`
	Rounds   int     `json:"rounds"`
	Bare     float64 `json:"argon2id_per_s"`
	SignIns  float64 `json:"sign_ins_per_s"`
	Ratio    float64 `json:"ratio"`
	BareCore float64 `json:"argon2id_per_core_s"`
	Core     float64 `json:"sign_ins_per_core_s"`
	PerCore  float64 `json:"ratio_per_core_s"`
	Quiet    float64 `json:"chat_quiet_p99_ms"`
	Flooded  float64 `json:"chat_flooded_p99_ms"`
	P99Ratio float64 `json:"chat_p99_ratio"`
	Tries    float64 `json:"wrong_sign_ins_per_s"`
	Rest     float64 `json:"resident_quiet_mb"`
	Peak     float64 `json:"resident_flooded_peak_mb"`
}

const signers = 24 // people who sign in again and again, each from an address of their own

// signin measures the way in, bar 5 of the issue.
func (b *bench) signin() (lines []string, err error) {
	fmt.Printf("sign-in: bare argon2id (19 MiB, t=2, p=1) and whole sign-ins in turns on the same cores; chat (open loop) quiet and beside %d wrong sign-ins at once\n", flooders)
	fmt.Printf("%-10s %10s %10s %7s %10s %10s %7s %10s %10s %7s %8s %9s %8s\n", "target", "argon2id/s", "sign-ins/s", "ratio", "a core-s", "a core-s", "ratio", "quiet p99", "flood p99", "ratio", "wrong/s", "quiet MB", "peak MB")
	for _, kind := range []string{"sqlite", "postgres"} {
		if !b.wants(kind) {
			continue
		}
		e, err := b.entranceOf(kind)
		if err != nil {
			return nil, fmt.Errorf("sign-in on %s: %w", kind, err)
		}
		fmt.Printf("%-10s %10.1f %10.1f %7.2f %10.1f %10.1f %7.2f %10.2f %10.2f %7.2f %8.1f %9.0f %8.0f\n",
			e.Target, e.Bare, e.SignIns, e.Ratio, e.BareCore, e.Core, e.PerCore, e.Quiet, e.Flooded, e.P99Ratio, e.Tries, e.Rest, e.Peak)
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
	bare, bareCore, signIns, core, tries float64
	quiet, flooded                       result
	rest, peak                           float64
}

func (b *bench) entranceOf(kind string) (e entrance, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	r, stop, err := b.server(ctx, "signin-"+kind, kind, true)
	if err != nil {
		return e, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	t := &target{name: kind, address: r.server.Address, ca: r.server.Authority.CA, server: r.server.PID(), pids: []int{r.server.PID()}, profile: r.profile}
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
			return e, fmt.Errorf("%w\n%s", err, r.server.LogTail())
		}
		fmt.Fprintf(os.Stderr, "round %d sign-in %-8s argon2id %.1f/s (%.1f a core-s), sign-ins %.1f/s (%.1f); chat p99 %.1f ms quiet, %.1f ms beside %.1f wrong/s; %.0f MB, peak %.0f MB\n",
			i+1, kind, one.bare, one.bareCore, one.signIns, one.core, one.quiet.P99, one.flooded.P99, one.tries, one.rest, one.peak)
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
		Bare: mid(func(t turn) float64 { return t.bare }), SignIns: mid(func(t turn) float64 { return t.signIns }),
		Ratio:    mid(func(t turn) float64 { return t.signIns / t.bare }),
		BareCore: mid(func(t turn) float64 { return t.bareCore }), Core: mid(func(t turn) float64 { return t.core }),
		PerCore: mid(func(t turn) float64 { return t.core / t.bareCore }),
		Quiet:   mid(func(t turn) float64 { return t.quiet.P99 }), Flooded: mid(func(t turn) float64 { return t.flooded.P99 }),
		P99Ratio: mid(func(t turn) float64 { return t.flooded.P99 / t.quiet.P99 }),
		Tries:    mid(func(t turn) float64 { return t.tries }), Rest: mid(func(t turn) float64 { return t.rest }), Peak: mid(func(t turn) float64 { return t.peak })}
}

// entranceTurn is one round: each figure right beside the one that it is compared with.
func (b *bench) entranceTurn(ctx context.Context, s *rig.Server, t *target, people []signer, round int) (one turn, err error) {
	one.bare, one.bareCore = bareArgon(b.window)
	before, profiled := rig.CPU(t.pids...), b.record(t, "signin")
	one.signIns, err = signInAll(ctx, people, b.window)
	if err = errors.Join(err, profiled()); err != nil {
		return one, err
	}
	one.core = one.signIns * b.window.Seconds() / (rig.CPU(t.pids...) - before).Seconds()
	time.Sleep(2 * time.Second) // letters and ledger heads of the sign-ins are written
	if one.quiet, err = b.measure(t, "open"); err != nil {
		return one, err
	}
	now, _ := rig.Memories(t.server)
	one.rest = float64(now) / (1 << 20)
	// A door that has seen 3,000 failures of strangers hears none for a while: each round floods a door of its own.
	door, err := s.Found(ctx, fmt.Sprintf("flood%d", round), "Flood", "Ada Founder")
	if err != nil {
		return one, err
	}
	rig.ResetPeaks(t.server)
	stop, err := startFlood(floodSpec{Address: t.address, CA: t.ca, Subdomain: door.Subdomain, Round: round})
	if err != nil {
		return one, err
	}
	one.flooded, err = b.measure(t, "open")
	_, peak := rig.Memories(t.server)
	one.peak = float64(peak) / (1 << 20)
	var ended error
	one.tries, ended = stop()
	return one, errors.Join(err, ended)
}

// bareArgon is how many hashes a second all cores make, with nothing else to do, and how many a core-second.
func bareArgon(window time.Duration) (perSecond, perCore float64) {
	before := ownCPU()
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
	return float64(n.Load()) / time.Since(began).Seconds(), float64(n.Load()) / (ownCPU() - before).Seconds()
}

// ownCPU is the processor time of this process alone.
func ownCPU() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
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

// signInAll is how many whole sign-ins a second are answered.
func signInAll(ctx context.Context, people []signer, window time.Duration) (float64, error) {
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
