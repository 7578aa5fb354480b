package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"parlatory/test/rig"
)

const (
	flooders = 200 // wrong sign-ins under way at once
	perPlace = 80  // tries from one address, below the budget at which it is told to wait and costs nothing
)

// floodSpec is what the process gets that floods one door.
type floodSpec struct {
	Address   string `json:"address"`
	CA        string `json:"ca"`
	Subdomain string `json:"subdomain"`
	Round     int    `json:"round"`
}

// flood is wrong sign-ins without end, from ever new addresses. It runs in a process of the lowest priority: an attacker's machine is
// not the server's, and what its own handshakes cost would otherwise be measured as the server's delay.
type flood struct {
	spec  floodSpec
	from  *rig.Server
	place atomic.Int64
	tried atomic.Int64
	full  atomic.Int64 // told to come again
}

// runFlood is the sub-command: it floods until its input ends, then says how many tries a second were looked at.
func runFlood() error {
	_ = syscall.Setpriority(syscall.PRIO_PGRP, 0, 19) // all threads of the group, which is this process's own
	f := &flood{}
	in := json.NewDecoder(os.Stdin)
	if err := in.Decode(&f.spec); err != nil {
		return fmt.Errorf("flood specification: %w", err)
	}
	authority, err := rig.Trusting(f.spec.CA)
	if err != nil {
		return err
	}
	f.from = &rig.Server{Address: f.spec.Address, Authority: authority}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	began := time.Now()
	var wait sync.WaitGroup
	for i := range flooders {
		wait.Go(func() { f.try(ctx, i) })
	}
	<-ctx.Done()
	fmt.Println(float64(f.tried.Load()) / time.Since(began).Seconds())
	fmt.Fprintf(os.Stderr, "flood: %d tries were looked at, %d told to come again\n", f.tried.Load(), f.full.Load())
	wait.Wait()
	return nil
}

// try is one of those at once.
func (f *flood) try(ctx context.Context, i int) {
	for ctx.Err() == nil {
		k := f.place.Add(1)
		c := f.from.Client(f.spec.Subdomain + "." + rig.Domain).From(fmt.Sprintf("127.%d.%d.%d", 100+f.spec.Round%100, k/250, 1+k%250))
		for n := 0; n < perPlace && ctx.Err() == nil; n++ {
			who := fmt.Sprintf("nobody%d-%d@%s.example", i, n, f.spec.Subdomain)
			err := c.Do(ctx, "POST", "/api/v1/signin", map[string]any{"email": who, "password": "not the password 12"}, nil)
			var refused *rig.Refusal
			if !errors.As(err, &refused) {
				continue
			}
			if refused.Code == 401 {
				f.tried.Add(1)
			} else {
				f.full.Add(1)
			}
		}
		c.Close()
	}
}

// startFlood starts the process; stop ends it, and gives the tries that were looked at, a second.
func startFlood(spec floodSpec) (stop func() (float64, error), err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("own program: %w", err)
	}
	input, err := json.Marshal(spec)
	if err != nil {
		return nil, fmt.Errorf("flood specification: %w", err)
	}
	cmd := exec.Command(self, "flood")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("flood input: %w", err)
	}
	if err = cmd.Start(); err != nil {
		return nil, fmt.Errorf("flood start: %w", err)
	}
	if _, err = stdin.Write(input); err != nil {
		return nil, fmt.Errorf("flood input: %w", err)
	}
	return func() (rate float64, err error) {
		_ = stdin.Close()
		if err = cmd.Wait(); err == nil {
			_, err = fmt.Sscan(out.String(), &rate)
		}
		return rate, err
	}, nil
}
