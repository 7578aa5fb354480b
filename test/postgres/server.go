package postgres

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// ErrNotInstalled means that no PostgreSQL server is installed where Debian puts it.
var ErrNotInstalled = errors.New("postgres is not installed")

const (
	ownerRole   = "parlatory_owner"
	servingRole = "parlatory_serving"
)

// Server is a running cluster.
type Server struct {
	bin      string
	dir      string
	port     int
	password string
	account  *syscall.Credential
	pipe     io.Closer // the supervisor ends the server when this closes
	shell    *exec.Cmd

	mu    sync.Mutex
	count int
}

// StartServer makes a cluster in dir, which must not hold one, and starts it with the roles that own and serve.
// Settings are added as name=value. Stop ends it; so does the death of this process.
func StartServer(dir string, settings ...string) (*Server, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, dir: dir}
	if err := s.prepare(); err != nil {
		return nil, err
	}
	if err := s.launch(settings); err != nil {
		return nil, err
	}
	if err := s.await(); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	roles := fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s'; CREATE ROLE %s LOGIN PASSWORD '%s';", ownerRole, s.password, servingRole, s.password)
	if err := s.SQL("postgres", roles); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// programs finds the newest installed server.
func programs() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		return "", ErrNotInstalled
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path)))) // a name that is no number sorts first
		return n
	}
	sort.Slice(found, func(i, j int) bool { return version(found[i]) < version(found[j]) })
	return filepath.Dir(found[len(found)-1]), nil
}

// prepare makes the directory and the cluster. PostgreSQL refuses to run as root: then it runs as its own user.
func (s *Server) prepare() error {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return fmt.Errorf("password: %w", err)
	}
	s.password = hex.EncodeToString(b[:])
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fmt.Errorf("cluster directory: %w", err)
	}
	if os.Geteuid() == 0 {
		if err := s.become(); err != nil {
			return err
		}
	}
	_, err := s.run("", filepath.Join(s.bin, "initdb"), "-D", filepath.Join(s.dir, "data"), "-U", "postgres", "--no-sync", "-E", "UTF8",
		"--locale=C", "--auth-local=trust", "--auth-host=scram-sha-256")
	return err
}

func (s *Server) become() error {
	u, err := user.Lookup("postgres")
	if err != nil {
		return fmt.Errorf("user of the server: %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return fmt.Errorf("user of the server: %w", err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return fmt.Errorf("group of the server: %w", err)
	}
	s.account = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	if err := os.Chown(s.dir, int(uid), int(gid)); err != nil {
		return fmt.Errorf("cluster directory: %w", err)
	}
	return nil
}

// supervisor starts the server and waits on its input. That ends when Stop closes it or when the starting process dies in
// whatever way; then the server goes too, and its files with it.
const supervisor = `dir=$1; shift
"$@" >"$dir/log" 2>&1 </dev/null &
pid=$!
read -r _
kill -QUIT $pid 2>/dev/null
wait $pid
rm -rf "$dir/data" "$dir/log" "$dir"/.s.PGSQL.*
rmdir "$dir" 2>/dev/null`

func (s *Server) launch(settings []string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("port of the server: %w", err)
	}
	s.port = l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		return fmt.Errorf("port of the server: %w", err)
	}
	all := append([]string{"listen_addresses=127.0.0.1", "port=" + strconv.Itoa(s.port), "unix_socket_directories=" + s.dir, "max_connections=200",
		"fsync=on", "synchronous_commit=on", "full_page_writes=on", "shared_buffers=128MB", "max_wal_size=2GB"}, settings...)
	args := []string{"-c", supervisor, "supervisor", s.dir, filepath.Join(s.bin, "postgres"), "-D", filepath.Join(s.dir, "data")}
	for _, a := range all {
		args = append(args, "-c", a)
	}
	s.shell = exec.Command("/bin/sh", args...)
	s.shell.Dir = "/"
	s.shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: s.account}
	pipe, err := s.shell.StdinPipe()
	if err != nil {
		return fmt.Errorf("supervisor: %w", err)
	}
	s.pipe = pipe
	if err := s.shell.Start(); err != nil {
		return fmt.Errorf("supervisor: %w", err)
	}
	return nil
}

func (s *Server) await() error {
	var err error
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(30 * time.Millisecond) {
		if _, err = s.run("", filepath.Join(s.bin, "pg_isready"), "-q", "-h", s.dir, "-p", strconv.Itoa(s.port), "-U", "postgres"); err == nil {
			return nil
		}
	}
	log, _ := os.ReadFile(filepath.Join(s.dir, "log")) // without it the first error stands alone
	return fmt.Errorf("postgres did not start: %w\n%s", err, log)
}

// SQL runs statements as the superuser, one transaction each.
func (s *Server) SQL(database, text string) error {
	_, err := s.run(text, filepath.Join(s.bin, "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", s.dir, "-p", strconv.Itoa(s.port), "-U", "postgres", "-d", database)
	return err
}

func (s *Server) run(input, program string, args ...string) (string, error) {
	c := exec.Command(program, args...)
	c.Dir = "/"
	c.Stdin = strings.NewReader(input)
	c.SysProcAttr = &syscall.SysProcAttr{Credential: s.account}
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Run(); err != nil {
		return "", fmt.Errorf("%s: %w: %s", filepath.Base(program), err, out.String())
	}
	return out.String(), nil
}

// Database makes a fresh database and gives the URLs of the role that serves and of the one that owns.
func (s *Server) Database() (serving, owner string, err error) {
	s.mu.Lock()
	s.count++
	name := "parlatory_" + strconv.Itoa(s.count)
	s.mu.Unlock()
	text := fmt.Sprintf("CREATE DATABASE %[1]s OWNER %[2]s; REVOKE ALL ON DATABASE %[1]s FROM PUBLIC; GRANT CONNECT ON DATABASE %[1]s TO %[3]s;", name, ownerRole, servingRole)
	if err := s.SQL("postgres", strings.ReplaceAll(text, "; ", ";\n")); err != nil {
		return "", "", err
	}
	return s.URL(servingRole, name), s.URL(ownerRole, name), nil
}

// URL is that of a role at a database.
func (s *Server) URL(role, database string) string {
	return fmt.Sprintf("postgres://%s:%s@127.0.0.1:%d/%s?sslmode=disable", role, s.password, s.port, database)
}

// Password is that of the roles.
func (s *Server) Password() string { return s.password }

// Pids are the server's processes at this moment, the first one its parent: for counting processor time.
func (s *Server) Pids() ([]int, error) {
	text, err := os.ReadFile(filepath.Join(s.dir, "data", "postmaster.pid"))
	if err != nil {
		return nil, fmt.Errorf("pid of the server: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	parent, err := strconv.Atoi(line)
	if err != nil {
		return nil, fmt.Errorf("pid of the server: %w", err)
	}
	pids := []int{parent}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, fmt.Errorf("processes: %w", err)
	}
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // ended meanwhile
		}
		// The name in brackets may hold anything, so that the fields are read behind its end.
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if len(fields) > 1 && fields[1] == line {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids, nil
}

// Kill ends the server as a crash would, without a word to its clients. Its files stay until Stop.
func (s *Server) Kill() error {
	pids, err := s.Pids()
	if err != nil {
		return err
	}
	return syscall.Kill(pids[0], syscall.SIGQUIT)
}

// Stop ends the server and removes its files.
func (s *Server) Stop() error {
	if s.shell == nil {
		return nil
	}
	_ = s.pipe.Close() // closed twice is closed
	err := s.shell.Wait()
	s.shell = nil
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil
	}
	return err
}
