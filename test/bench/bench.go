package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"parlatory/test/rig"
)

// options of one invocation.
type options struct {
	targets []string
	scenes  []string
	rounds  int
	window  time.Duration
	pairs   int
	crowd   int
	posters int
	rate    float64
	idle    bool
	signIns bool
	sockets int
	keys    int
	profile string
}

// target is a server under load.
type target struct {
	name    string
	address string
	ca      string // file; empty on plaintext
	pids    []int  // all whose time counts
	server  int    // whose memory counts
	pairs   []user
	crowd   []user
	stop    func() error
	profile string // address of its profiler, if it has one
}

var allTargets = []string{"floor", "sqlite", "postgres", "floor-tls", "sqlite-tls", "postgres-tls"}

func runBench(args []string) error {
	o := options{}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	targets := flags.String("targets", strings.Join(allTargets, ","), "what to measure, in turns")
	scenes := flags.String("scenarios", strings.Join(scenarios, ","), "which loads")
	flags.IntVar(&o.rounds, "rounds", 3, "rounds; the median counts")
	flags.DurationVar(&o.window, "window", 8*time.Second, "measured time of one run, after a quarter of it as warm-up")
	flags.IntVar(&o.pairs, "pairs", 50, "pairs of a visitor and a staff member")
	flags.IntVar(&o.crowd, "crowd", 100, "listeners of the one room")
	flags.IntVar(&o.posters, "posters", 10, "how many of them post")
	flags.Float64Var(&o.rate, "rate", 300, "messages a second offered in the open loop")
	flags.BoolVar(&o.idle, "idle", false, "measure the memory of an idle server and of idle sockets too")
	flags.BoolVar(&o.signIns, "signin", false, "measure sign-ins beside bare argon2id, and chat beside a flood of wrong ones, too")
	flags.IntVar(&o.keys, "keys", 0, "measure the rotation of a workspace's key with so many keys below it, too")
	flags.IntVar(&o.sockets, "sockets", 5000, "idle sockets")
	flags.StringVar(&o.profile, "profile", "", "folder for processor profiles of each load; the product is built with a profiler for it")
	if err := flags.Parse(args); err != nil {
		return err
	}
	o.targets, o.scenes = strings.Split(*targets, ","), strings.Split(*scenes, ",")
	if *scenes == "" {
		o.scenes = nil // what else is asked for, alone
	}
	if o.profile != "" {
		if err := os.MkdirAll(o.profile, 0o700); err != nil {
			return fmt.Errorf("profile folder: %w", err)
		}
	}
	dir, err := os.MkdirTemp("", "parlatory-bench-")
	if err != nil {
		return fmt.Errorf("work folder: %w", err)
	}
	defer os.RemoveAll(dir)
	return o.run(dir)
}

func (o options) run(dir string) (err error) {
	b := &bench{options: o, dir: dir, results: map[string]map[string][]result{}, binaries: map[string]string{}}
	defer func() { err = errors.Join(err, b.close()) }()
	for _, name := range o.targets {
		if len(o.scenes) == 0 {
			break
		}
		started := time.Now()
		t, err := b.start(name)
		if err != nil {
			return fmt.Errorf("start %s: %w", name, err)
		}
		b.targets = append(b.targets, t)
		fmt.Fprintf(os.Stderr, "started %s in %s\n", name, time.Since(started).Round(time.Millisecond))
	}
	for round := range o.rounds {
		for _, scenario := range b.scenes {
			for _, t := range b.targets {
				res, err := b.measure(t, scenario)
				if err != nil {
					return fmt.Errorf("%s on %s: %w", scenario, t.name, err)
				}
				fmt.Fprintf(os.Stderr, "round %d %-7s %-13s %8.0f/s %8.0f per core-s  p50 %.1f p99 %.1f ms\n", round+1, scenario, t.name, res.PerSecond, res.PerCore, res.P50, res.P99)
				if b.results[scenario] == nil {
					b.results[scenario] = map[string][]result{}
				}
				b.results[scenario][t.name] = append(b.results[scenario][t.name], res)
			}
		}
	}
	lines := b.tables(os.Stdout)
	if o.idle {
		idle, err := b.idle()
		if err != nil {
			return err
		}
		lines = append(lines, idle...)
	}
	if o.signIns {
		more, err := b.signin()
		if err != nil {
			return err
		}
		lines = append(lines, more...)
	}
	if o.keys > 0 {
		more, err := b.rewrap()
		if err != nil {
			return err
		}
		lines = append(lines, more...)
	}
	for _, l := range lines {
		fmt.Println(l)
	}
	return nil
}

type bench struct {
	options
	dir      string
	targets  []*target
	results  map[string]map[string][]result // by scenario and target
	binaries map[string]string              // by build tags
}

var scenarios = []string{"closed", "open", "room"}

func (b *bench) close() error {
	var errs []error
	for _, t := range slices.Backward(b.targets) {
		errs = append(errs, t.stop())
	}
	b.targets = nil
	return errors.Join(errs...)
}

func (b *bench) start(name string) (*target, error) {
	kind, withTLS := strings.CutSuffix(name, "-tls")
	if kind == "floor" {
		return b.startFloor(name, withTLS)
	}
	return b.startProduct(name, kind, withTLS)
}

func (b *bench) measure(t *target, scenario string) (result, error) {
	spec := loadSpec{Address: t.address, CA: t.ca, PIDs: t.pids, Server: t.server, Warmup: b.window / 4, Window: b.window}
	switch scenario {
	case "closed":
		spec.Users = t.pairs
	case "open":
		spec.Users, spec.Rate = t.pairs, b.rate
	case "room":
		spec.Users = t.crowd
	}
	wait := b.record(t, scenario)
	res, err := startLoad(spec)
	return res, errors.Join(err, wait())
}

// holdSockets starts a load process that only connects, and gives the function that ends it.
func holdSockets(spec loadSpec) (release func() error, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("own program: %w", err)
	}
	input, err := json.Marshal(spec)
	if err != nil {
		return nil, fmt.Errorf("load specification: %w", err)
	}
	cmd := exec.Command(self, "hold")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("load input: %w", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("load output: %w", err)
	}
	if err = cmd.Start(); err != nil {
		return nil, fmt.Errorf("load start: %w", err)
	}
	if _, err = stdin.Write(input); err != nil {
		return nil, fmt.Errorf("load input: %w", err)
	}
	if line, _ := bufio.NewReader(stdout).ReadString('\n'); line == "" {
		return nil, errors.Join(errors.New("idle sockets were not all accepted"), cmd.Wait())
	}
	return func() error {
		_ = stdin.Close()
		return cmd.Wait()
	}, nil
}

// startLoad runs the load as a process of its own.
func startLoad(spec loadSpec) (res result, err error) {
	self, err := os.Executable()
	if err != nil {
		return res, fmt.Errorf("own program: %w", err)
	}
	input, err := json.Marshal(spec)
	if err != nil {
		return res, fmt.Errorf("load specification: %w", err)
	}
	cmd := exec.Command(self, "load")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(input), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return res, fmt.Errorf("load: %w", err)
	}
	if err = json.Unmarshal(out, &res); err != nil {
		return res, fmt.Errorf("load result: %w", err)
	}
	return res, nil
}

func (b *bench) startFloor(name string, withTLS bool) (*target, error) {
	dir := filepath.Join(b.dir, name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, fmt.Errorf("folder: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("own program: %w", err)
	}
	t := &target{name: name}
	args := []string{"floor", "-dir", dir}
	const host = "floor.parlatory.localhost"
	if withTLS {
		authority, err := rig.NewAuthority(dir, host)
		if err != nil {
			return nil, err
		}
		t.ca = authority.CA
		args = append(args, "-cert", authority.Cert, "-key", authority.Key)
	}
	if b.profile != "" {
		args = append(args, "-profile", filepath.Join(b.profile, name+".prof"))
	}
	cmd := exec.Command(self, args...)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("floor input: %w", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("floor output: %w", err)
	}
	if err = cmd.Start(); err != nil {
		return nil, fmt.Errorf("floor start: %w", err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("floor address: %w", err)
	}
	t.address, t.server, t.pids = strings.TrimSpace(line), cmd.Process.Pid, []int{cmd.Process.Pid}
	t.stop = func() error {
		_ = stdin.Close()
		return cmd.Wait()
	}
	for i := range b.options.pairs {
		room := fmt.Sprintf("00000000-0000-7000-8000-%012x", i)
		for _, who := range []string{"visitor", "staff"} {
			t.pairs = append(t.pairs, user{Host: host, Path: "/?as=" + who, Room: room, Posts: true})
		}
	}
	for i := range b.options.crowd {
		t.crowd = append(t.crowd, user{Host: host, Path: "/?as=staff", Room: "00000000-0000-7000-8000-00000000ffff", Posts: i < b.posters})
	}
	return t, nil
}
