package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// overlay gives the build flag that adds the profiler to the product, for -profile only.
func (b *bench) overlay() (string, error) {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("module folder: %w", err)
	}
	top := strings.TrimSpace(string(root))
	raw, err := json.Marshal(map[string]any{"Replace": map[string]string{
		filepath.Join(top, "cmd/parlatory/profile_overlay.go"): filepath.Join(top, "test/bench/testdata/profile.go.txt"),
	}})
	if err != nil {
		return "", fmt.Errorf("overlay: %w", err)
	}
	file := filepath.Join(b.dir, "overlay.json")
	if err = os.WriteFile(file, raw, 0o600); err != nil {
		return "", fmt.Errorf("overlay: %w", err)
	}
	return "-overlay=" + file, nil
}

// profileAddress is a free port for the profiler of one target.
func profileAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("profile port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// record writes a processor profile of the measured window; it gives the function that waits for it.
func (b *bench) record(t *target, scenario string) func() error {
	if b.profile == "" || t.profile == "" {
		return func() error { return nil }
	}
	done := make(chan error, 1)
	go func() {
		time.Sleep(b.window / 4)
		seconds := max(1, int(b.window.Seconds()))
		done <- fetch(fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", t.profile, seconds), filepath.Join(b.profile, t.name+"-"+scenario+".prof"))
	}()
	return func() error { return <-done }
}

func fetch(url, file string) error {
	client := &http.Client{Timeout: 5 * time.Minute}
	res, err := client.Get(url)
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	defer res.Body.Close()
	f, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	if _, err = io.Copy(f, res.Body); err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	return f.Close()
}
