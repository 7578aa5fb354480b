package keyserver

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

// built is the test process's own result of Build.
var built struct {
	once sync.Once
	path string
	err  error
}

// Build gives the server's program: the one that PARLATORY_OPENBAO names, or test/openbao's, built for the first time in some minutes and
// later taken from Go's cache.
func Build() (string, error) {
	built.once.Do(func() { built.path, built.err = build() })
	return built.path, built.err
}

func build() (string, error) {
	if ready := os.Getenv("PARLATORY_OPENBAO"); ready != "" {
		return ready, nil
	}
	source, err := module()
	if err != nil {
		return "", err
	}
	place := sha256.Sum256([]byte(source))
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("parlatory-openbao-%d-%s", os.Getuid(), hex.EncodeToString(place[:4])))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("folder of the key server: %w", err)
	}
	// Test processes run side by side: one builds, the others wait and find it done.
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", fmt.Errorf("lock of the build: %w", err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("lock of the build: %w", err)
	}
	path := filepath.Join(dir, "openbao")
	c := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, ".")
	c.Dir = source
	// One setting whatever the tests themselves run with, so that it is compiled once.
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false", "GOEXPERIMENT=", "GOWORK=off", "GOTOOLCHAIN=local")
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Run(); err != nil {
		return "", fmt.Errorf("build the key server: %w\n%s", err, out.String())
	}
	return path, nil
}

// module finds test/openbao from wherever in the tree the test runs.
func module() (string, error) {
	dir, err := os.Getwd()
	for ; err == nil; dir = filepath.Dir(dir) {
		head, readErr := os.ReadFile(filepath.Join(dir, "go.mod"))
		if readErr == nil && strings.HasPrefix(string(head), "module parlatory\n") {
			return filepath.Join(dir, "test", "openbao"), nil
		}
		if dir == filepath.Dir(dir) {
			err = errors.New("not inside the project's tree")
		}
	}
	return "", fmt.Errorf("source of the key server: %w", err)
}
