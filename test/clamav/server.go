package clamav

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// ErrNotInstalled means that no clamd is installed where Debian puts it, or in the PATH.
var ErrNotInstalled = errors.New("clamd is not installed")

// EICAR is the harmless file that every scanner knows (https://www.eicar.org). It is put together here so that scanners
// leave this source alone.
func EICAR() string {
	return strings.Join([]string{`X5O!P%@AP[4\PZX54(P^)7CC)7}`, `$EICAR-STANDARD-`, `ANTIVIRUS-TEST-FILE!`, `$H+H*`}, "")
}

// Found is the name under which the signature finds it.
const Found = "Parlatory.Test.UNOFFICIAL"

// Limit is how many bytes the server takes.
const Limit = 4 << 20

// supervisor ends the server, and removes its files, when the starting process ends in whatever way.
const supervisor = `dir=$1; shift
"$@" >"$dir/log" 2>&1 </dev/null &
pid=$!
read -r _
kill -KILL $pid 2>/dev/null
wait $pid 2>/dev/null
rm -rf "$dir"`

var one struct {
	once   sync.Once
	socket string
	pipe   io.Closer // held open as long as the process lives
	err    error
}

// Start gives the address, unix:/path, of the test process's clamd. Where it is not installed the test is skipped, unless
// PARLATORY_REQUIRE_CLAMAV=1 says that it must run.
func Start(tb testing.TB) string {
	tb.Helper()
	one.once.Do(func() { one.socket, one.pipe, one.err = start() })
	if errors.Is(one.err, ErrNotInstalled) && os.Getenv("PARLATORY_REQUIRE_CLAMAV") != "1" {
		tb.Skip(one.err)
	}
	if one.err != nil {
		tb.Fatal(one.err)
	}
	return "unix:" + one.socket
}

func program() (string, error) {
	for _, name := range []string{"clamd", "/usr/sbin/clamd"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNotInstalled
}

func start() (socket string, pipe io.Closer, err error) {
	clamd, err := program()
	if err != nil {
		return "", nil, err
	}
	dir, err := os.MkdirTemp("", "parlatory-clamav-")
	if err != nil {
		return "", nil, err
	}
	socket = filepath.Join(dir, "clamd")
	signature := strings.TrimSuffix(Found, ".UNOFFICIAL") + ":0:*:" + hex.EncodeToString([]byte(EICAR()[30:])) + "\n"
	conf := fmt.Sprintf("Foreground yes\nDatabaseDirectory %s\nLocalSocket %s\nStreamMaxLength %d\nAlertExceedsMax yes\nMaxThreads 2\nBytecode no\n", dir, socket, Limit)
	for name, text := range map[string]string{"test.ndb": signature, "clamd.conf": conf} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return "", nil, errors.Join(err, os.RemoveAll(dir))
		}
	}
	c := exec.Command("/bin/sh", "-c", supervisor, "supervisor", dir, clamd, "--config-file="+filepath.Join(dir, "clamd.conf"))
	c.Dir, c.SysProcAttr = "/", &syscall.SysProcAttr{Setpgid: true}
	if pipe, err = c.StdinPipe(); err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := c.Start(); err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			return socket, pipe, conn.Close()
		}
	}
	log, _ := os.ReadFile(filepath.Join(dir, "log")) // without it the first error stands alone
	return "", nil, errors.Join(fmt.Errorf("clamd did not start:\n%s", log), pipe.Close())
}
