package s3

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The keys of the server's one user, and its region.
const (
	AccessKey = "parlatory"
	SecretKey = "parlatory-test-secret"
	Region    = "us-east-1"
)

// supervisor ends the server, and removes its files, when the starting process ends in whatever way.
const supervisor = `dir=$1; shift
"$@" >"$dir/log" 2>&1 </dev/null &
pid=$!
read -r _
kill -KILL $pid 2>/dev/null
wait $pid 2>/dev/null
rm -rf "$dir"`

var one struct {
	once    sync.Once
	address string
	dir     string
	pipe    io.Closer // held open as long as the process lives
	err     error

	mu      sync.Mutex
	buckets int
}

// Start gives the endpoint of the test process's server and a fresh bucket.
func Start(tb testing.TB) (endpoint, bucket string) {
	tb.Helper()
	one.once.Do(func() { one.err = start() })
	if one.err != nil {
		tb.Fatal(one.err)
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	one.buckets++
	bucket = "bucket-" + strconv.Itoa(one.buckets)
	if err := os.Mkdir(filepath.Join(one.dir, "root", bucket), 0o700); err != nil {
		tb.Fatal(err)
	}
	return "http://" + one.address, bucket
}

// program builds the gateway, or finds it built.
func program() (string, error) {
	if path := os.Getenv("PARLATORY_VERSITYGW"); path != "" {
		return path, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	_, here, _, _ := runtime.Caller(0)
	path := filepath.Join(cache, "parlatory-test", "versitygw-1.8.0")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	c := exec.Command("go", "build", "-o", path, "github.com/versity/versitygw/cmd/versitygw")
	c.Dir = filepath.Join(filepath.Dir(here), "gateway")
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOEXPERIMENT=")
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the S3 gateway: %w\n%s", err, out)
	}
	return path, nil
}

func start() error {
	gateway, err := program()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "parlatory-s3-")
	if err != nil {
		return err
	}
	for _, name := range []string{"root", "meta"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			return errors.Join(err, os.RemoveAll(dir))
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	one.dir, one.address = dir, l.Addr().String()
	_ = l.Close()
	c := exec.Command("/bin/sh", "-c", supervisor, "supervisor", dir, gateway, "--port", one.address, "--access", AccessKey, "--secret", SecretKey, "--region", Region,
		"posix", "--sidecar", filepath.Join(dir, "meta"), filepath.Join(dir, "root"))
	c.Dir, c.SysProcAttr = dir, &syscall.SysProcAttr{Setpgid: true}
	if one.pipe, err = c.StdinPipe(); err == nil {
		err = c.Start()
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("tcp", one.address)
		if err == nil {
			return conn.Close()
		}
	}
	log, _ := os.ReadFile(filepath.Join(dir, "log")) // without it the first error stands alone
	return errors.Join(fmt.Errorf("S3 server did not start:\n%s", log), one.pipe.Close())
}
