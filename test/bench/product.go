package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"parlatory/test/rig"
)

// startProduct starts the real binary and seeds it through its own doors: a company signs up, hires, visitors come.
func (b *bench) startProduct(name, kind string, withTLS bool) (t *target, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	s, stop, err := b.server(ctx, name, kind, withTLS)
	if err != nil {
		return nil, err
	}
	t = &target{name: name, address: s.server.Address, server: s.server.PID(), pids: []int{s.server.PID()}, stop: stop, profile: s.profile}
	if s.database != 0 {
		t.pids = append(t.pids, s.database)
	}
	if withTLS {
		t.ca = s.server.Authority.CA
	}
	if err = b.seed(ctx, s.server, t); err != nil {
		_ = stop()
		return nil, fmt.Errorf("seed: %w\n%s", err, s.server.LogTail())
	}
	return t, nil
}

// running is a product and its database.
type running struct {
	server   *rig.Server
	database int // process id of the database server, if it is one
	profile  string
}

func (b *bench) server(ctx context.Context, name, kind string, withTLS bool) (running, func() error, error) {
	o := rig.Options{Dir: filepath.Join(b.dir, name), Plain: !withTLS}
	var tags []string
	if o.Plain {
		tags = []string{"bench"}
	}
	var err error
	if o.Binary, err = b.build(ctx, tags...); err != nil {
		return running{}, nil, err
	}
	r := running{}
	if b.profile != "" {
		if r.profile, err = profileAddress(); err != nil {
			return running{}, nil, err
		}
		o.Env = append(o.Env, "PARLATORY_PROFILE="+r.profile)
	}
	stopDatabase := func() error { return nil }
	if kind == "postgres" {
		database, err := rig.NewDatabase()
		if err != nil {
			return running{}, nil, err
		}
		o.Postgres, stopDatabase = &database.Postgres, database.Close
		if r.database, err = database.PID(); err != nil {
			return running{}, nil, errors.Join(err, stopDatabase())
		}
	}
	if r.server, err = rig.New(o); err != nil {
		return running{}, nil, errors.Join(err, stopDatabase())
	}
	stop := func() error { return errors.Join(r.server.Close(), stopDatabase()) }
	if err = r.server.Start(ctx); err != nil {
		return running{}, nil, errors.Join(err, stop())
	}
	return r, stop, nil
}

// build compiles once for each set of tags.
func (b *bench) build(ctx context.Context, tags ...string) (string, error) {
	key := fmt.Sprint(tags)
	if path := b.binaries[key]; path != "" {
		return path, nil
	}
	var flags []string
	if b.profile != "" {
		overlay, err := b.overlay()
		if err != nil {
			return "", err
		}
		flags = append(flags, overlay)
	}
	path, err := rig.Compile(ctx, filepath.Join(b.dir, "parlatory"+strings.Join(tags, "-")), append(flags, "-tags", strings.Join(tags, ","))...)
	if err == nil {
		b.binaries[key] = path
	}
	return path, err
}

// seed makes the pairs, each with a staff member and a visitor of its own, and the room that a crowd of staff opens.
func (b *bench) seed(ctx context.Context, s *rig.Server, t *target) error {
	w, err := s.Found(ctx, "acme", "Acme", "Ada Founder")
	if err != nil {
		return err
	}
	for i := range b.options.pairs {
		staff, err := w.Hire(ctx, fmt.Sprintf("agent%d@acme.example", i), fmt.Sprintf("Agent %d", i), "Agent")
		if err != nil {
			return fmt.Errorf("agent %d: %w", i, err)
		}
		visitor, err := w.Visit(ctx, fmt.Sprintf("Visitor %d", i), "Where is my parcel?")
		if err != nil {
			return fmt.Errorf("visitor %d: %w", i, err)
		}
		if err = staff.Do(ctx, "POST", "/api/v1/enquiries/"+visitor.Enquiry+"/pickup", struct{}{}, nil); err != nil {
			return err
		}
		t.pairs = append(t.pairs, visiting(visitor), staffed(staff, visitor.Room, true))
	}
	visitor, err := w.Visit(ctx, "Visitor of the crowd", "May I come in?")
	if err != nil {
		return err
	}
	if err = w.Founder.Do(ctx, "POST", "/api/v1/enquiries/"+visitor.Enquiry+"/pickup", struct{}{}, nil); err != nil {
		return err
	}
	for i := range b.options.crowd {
		t.crowd = append(t.crowd, staffed(w.Founder, visitor.Room, i < b.posters))
	}
	return nil
}

func staffed(c *rig.Client, room string, posts bool) user {
	header := http.Header{"Origin": {c.Origin()}, "Cookie": c.Header["Cookie"]}
	return user{Host: c.Host, Path: rig.StaffLive, Header: header, Room: room, Posts: posts}
}

func visiting(v *rig.Visitor) user {
	connect, _ := json.Marshal(map[string]string{"token": v.Token})
	return user{Host: v.Host, Path: rig.VisitorLive, Header: http.Header{"Origin": {rig.SiteOrigin}}, Connect: string(connect), Room: v.Room, Posts: true}
}

// memory is a line of JSON on what a server holds.
type memory struct {
	Figure  string  `json:"figure"`
	Target  string  `json:"target"`
	Sockets int     `json:"sockets"`
	Now     float64 `json:"resident_mb"`
	Peak    float64 `json:"peak_mb"`
	PerKB   float64 `json:"kb_a_socket,omitempty"`
}

// idle measures a fresh server that nobody uses, and then with idle sockets on it, over TLS.
func (b *bench) idle() (lines []string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	fmt.Printf("memory at rest\n%-14s %10s %10s %10s\n", "target", "sockets", "now MB", "peak MB")
	for _, kind := range []string{"sqlite", "postgres"} {
		if !b.wants(kind) {
			continue
		}
		more, err := b.idleOf(ctx, kind)
		if err != nil {
			return nil, fmt.Errorf("idle %s: %w", kind, err)
		}
		lines = append(lines, more...)
	}
	fmt.Println()
	return lines, nil
}

func (b *bench) wants(kind string) bool {
	for _, t := range b.options.targets {
		if t == kind || t == kind+"-tls" {
			return true
		}
	}
	return false
}

func (b *bench) idleOf(ctx context.Context, kind string) (lines []string, err error) {
	r, stop, err := b.server(ctx, "idle-"+kind, kind, true)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	report := func(sockets int, base float64) float64 {
		now, peak, _ := rig.Memory(r.server.PID())
		m := memory{Figure: "idle", Target: kind, Sockets: sockets, Now: float64(now) / (1 << 20), Peak: float64(peak) / (1 << 20)}
		if sockets > 0 {
			m.PerKB = (m.Now - base) * 1024 / float64(sockets)
		}
		fmt.Printf("%-14s %10d %10.0f %10.0f\n", kind, sockets, m.Now, m.Peak)
		line, _ := json.Marshal(m)
		lines = append(lines, string(line))
		return m.Now
	}
	time.Sleep(10 * time.Second)
	base := report(0, 0)
	w, err := r.server.Found(ctx, "acme", "Acme", "Ada Founder")
	if err != nil {
		return nil, err
	}
	spec := loadSpec{Address: r.server.Address, CA: r.server.Authority.CA}
	for i := range 100 {
		v, err := w.Visit(ctx, fmt.Sprintf("Visitor %d", i), "Where is my parcel?")
		if err != nil {
			return nil, err
		}
		spec.Users = append(spec.Users, visiting(v))
	}
	visitors := spec.Users
	for len(spec.Users) < b.sockets {
		spec.Users = append(spec.Users, visitors[len(spec.Users)%len(visitors)])
	}
	release, err := holdSockets(spec)
	if err != nil {
		return nil, err
	}
	time.Sleep(40 * time.Second) // a ping has gone round by then
	report(len(spec.Users), base)
	return lines, release()
}
