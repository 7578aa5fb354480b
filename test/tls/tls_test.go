package tls

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parlatory/test/rig"
)

func start(t *testing.T) *rig.Server {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a server")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	binary, err := rig.Build(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s, err := rig.New(rig.Options{Binary: binary, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err = s.Start(ctx); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestVersions: TLS 1.3 is spoken, and nothing older, whatever a client offers (RFC 8446 §4.2.1).
func TestVersions(t *testing.T) {
	s := start(t)
	for _, c := range []struct {
		name     string
		min, max uint16
		taken    bool
	}{
		{"1.3", tls.VersionTLS13, tls.VersionTLS13, true},
		{"1.0 to 1.3", tls.VersionTLS10, tls.VersionTLS13, true},
		{"1.2", tls.VersionTLS12, tls.VersionTLS12, false},
		{"1.1", tls.VersionTLS11, tls.VersionTLS11, false},
		{"1.0", tls.VersionTLS10, tls.VersionTLS10, false},
	} {
		config := s.Authority.Client(rig.Domain)
		config.MinVersion, config.MaxVersion = c.min, c.max
		conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", s.Address, config)
		if (err == nil) != c.taken {
			t.Errorf("TLS %s: taken %t, want %t (%v)", c.name, err == nil, c.taken, err)
		}
		if err != nil {
			continue
		}
		if v := conn.ConnectionState().Version; v != tls.VersionTLS13 {
			t.Errorf("a client of TLS %s was answered with %s", c.name, tls.VersionName(v))
		}
		_ = conn.Close()
	}
}

// TestPlaintextIsRefused: the port speaks TLS only.
func TestPlaintextIsRefused(t *testing.T) {
	s := start(t)
	conn, err := net.DialTimeout("tcp", s.Address, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = conn.Write([]byte("GET /api/v1/policies HTTP/1.1\r\nHost: " + rig.Domain + "\r\n\r\n"))
	answer := make([]byte, 4096)
	n, _ := conn.Read(answer)
	if text := string(answer[:n]); strings.Contains(text, " 200 ") || strings.Contains(text, "version") {
		t.Errorf("a plaintext request was answered: %.200q", text)
	}
}

// artefacts are findings that come from the test's own authority, and not from the program: testssl.sh's id, and why.
var artefacts = map[string]string{
	"cert_revocation":     "a test authority publishes no revocation list",
	"cert_chain_of_trust": "the authority was made for this run, and a testssl.sh without --add-ca does not know it",
	"overall_grade":       "follows from the chain of trust",
	"grade_cap_reason_1":  "as above",
	"engine_problem":      "testssl.sh's own openssl has no GOST engine",
}

type finding struct {
	ID       string `json:"id"`
	Severity string `json:"severity"`
	Finding  string `json:"finding"`
}

// TestTestssl runs Debian's testssl.sh against loopback and reads its findings.
func TestTestssl(t *testing.T) {
	program := ""
	for _, name := range []string{"testssl", "testssl.sh"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
		}
	}
	if program == "" {
		if os.Getenv("PARLATORY_REQUIRE_POSTGRES") == "" {
			t.Skip("testssl.sh is not installed")
		}
		t.Fatal("testssl.sh is not installed: make tools")
	}
	s := start(t)
	_, port, _ := net.SplitHostPort(s.Address)
	report := filepath.Join(t.TempDir(), "report.json")
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	// Offline and bounded: no DNS, no phone home, a limit on every connection.
	cmd := exec.CommandContext(ctx, program, "--quiet", "--color", "0", "--warnings", "off", "--nodns", "none", "--ip", "127.0.0.1",
		"--connect-timeout", "5", "--openssl-timeout", "5", "--add-ca", s.Authority.CA,
		"--protocols", "--server-defaults", "--server-preference", "--fs", "--headers", "--vulnerable", "--std",
		"--jsonfile", report, rig.Domain+":"+port)
	out, err := cmd.CombinedOutput()
	raw, readErr := os.ReadFile(report)
	if readErr != nil {
		t.Fatalf("testssl.sh: %v, %v\n%s", err, readErr, out)
	}
	var all []finding
	if err = json.Unmarshal(raw, &all); err != nil {
		t.Fatalf("report: %v\n%s", err, raw)
	}
	judge(t, all, string(out))
}

// judge fails for each finding above LOW that is no artefact, and for a report that looked at nothing.
func judge(t *testing.T, all []finding, out string) {
	t.Helper()
	seen := map[string]finding{}
	for _, f := range all {
		id, _, _ := strings.Cut(f.ID, " ")
		seen[id] = f
		switch f.Severity {
		case "OK", "INFO", "LOW", "DEBUG":
			continue
		}
		if artefacts[id] == "" {
			t.Errorf("%s %s: %s", f.Severity, f.ID, f.Finding)
		} else {
			t.Logf("artefact (%s): %s %s: %s", artefacts[id], f.Severity, f.ID, f.Finding)
		}
	}
	if f := seen["TLS1_3"]; !strings.Contains(f.Finding, "offered") {
		t.Errorf("TLS 1.3 was not seen: %q", f.Finding)
	}
	for _, old := range []string{"SSLv2", "SSLv3", "TLS1", "TLS1_1", "TLS1_2"} {
		if f, there := seen[old]; !there || !strings.Contains(f.Finding, "not offered") {
			t.Errorf("%s: %q, want not offered", old, f.Finding)
		}
	}
	if seen["HSTS"].ID == "" && seen["HSTS_time"].ID == "" {
		t.Errorf("the report holds no headers:\n%.3000s", out)
	}
	t.Logf("%d findings read", len(all))
}
