package front

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// TestACMEOrdersForKnownHostsOnly orders from a real authority, Let's Encrypt's test server:
//
//	go install github.com/letsencrypt/pebble/v2/cmd/pebble@v2.10.1
//
// It is skipped where that is not installed.
func TestACMEOrdersForKnownHostsOnly(t *testing.T) {
	pebble, err := exec.LookPath("pebble")
	if err != nil {
		t.Skip("pebble is not installed")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	directory, roots, issued := startPebble(t, pebble, port)
	var asked atomic.Int32
	log := &lockedBuffer{}
	source, err := NewACME(ACMEOptions{Directory: directory, Email: "operator@chat.test", CAFile: roots, Folder: t.TempDir(), Listen: l.Addr().String(), Log: discard(log),
		Known: func(_ context.Context, host string) bool {
			asked.Add(1)
			return host == "chat.test" || host == "acme.chat.test"
		}})
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	f, err := New(Options{Domain: "chat.test", Directory: &rooms{}, Sessions: &rooms{}, Sites: &rooms{}, Web: webPart(), Certificates: source, Log: discard(log)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f.Serve(ctx, l) }()
	defer func() { stop(); <-ended }()

	shake := func(name string) error {
		c, err := tls.DialWithDialer(&net.Dialer{Timeout: 50 * time.Second}, "tcp", l.Addr().String(), &tls.Config{ServerName: name, RootCAs: issued()})
		if err == nil {
			_ = c.Close()
		}
		return err
	}
	for _, name := range []string{"chat.test", "acme.chat.test"} {
		if err := shake(name); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, log.String())
		}
	}
	begun := time.Now()
	for _, name := range []string{"evil.test", "none.chat.test", "a.acme.chat.test"} {
		if shake(name) == nil {
			t.Errorf("a certificate for %s", name)
		}
	}
	if time.Since(begun) > 2*time.Second || asked.Load() < 5 {
		t.Errorf("strangers took %v, %d names were judged", time.Since(begun), asked.Load())
	}
}

// startPebble runs the authority with a name server that sends every name here.
func startPebble(t *testing.T, binary, tlsPort string) (directory, roots string, issued func() *x509.CertPool) {
	t.Helper()
	dir := t.TempDir()
	pair, _ := mintPair(t, dir, "localhost")
	n, _ := strconv.Atoi(tlsPort)
	ports := freePorts(t, 2)
	config, _ := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": ports[0], "managementListenAddress": ports[1], "certificate": pair.Certificate, "privateKey": pair.Key, "httpPort": 1, "tlsPort": n,
	}})
	file := filepath.Join(dir, "pebble.json")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "-config", file, "-dnsserver", nameServer(t))
	cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	own, err := os.ReadFile(pair.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(own)
	_, port, _ := net.SplitHostPort(ports[0])
	_, management, _ := net.SplitHostPort(ports[1])
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DialContext: toLoopback}, Timeout: 5 * time.Second}
	t.Cleanup(client.CloseIdleConnections)
	var root []byte
	for range 100 {
		if root, err = fetch(client, "https://localhost:"+management+"/roots/0"); err == nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if block, _ := pem.Decode(root); err != nil || block == nil {
		t.Fatalf("the authority did not start: %v", err)
	}
	all := x509.NewCertPool()
	all.AppendCertsFromPEM(root)
	return "https://localhost:" + port + "/dir", pair.Certificate, func() *x509.CertPool { return all }
}

func toLoopback(ctx context.Context, network, address string) (net.Conn, error) {
	_, port, _ := net.SplitHostPort(address)
	return (&net.Dialer{}).DialContext(ctx, network, "127.0.0.1:"+port)
}

func fetch(c *http.Client, address string) ([]byte, error) {
	res, err := c.Get(address)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != 200 {
		err = errors.New(res.Status)
	}
	return b, err
}

func freePorts(t *testing.T, n int) (out []string) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		out = append(out, l.Addr().String())
	}
	return out
}

// nameServer answers every question for an address with the loopback.
func nameServer(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") // the authority asks by TCP
	if err != nil {
		t.Fatal(err)
	}
	srv := &dns.Server{Listener: l, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg)
		m.SetReply(q)
		if len(q.Question) == 1 && q.Question[0].Qtype == dns.TypeA && strings.HasSuffix(q.Question[0].Name, ".test.") {
			rr, err := dns.NewRR(fmt.Sprintf("%s 0 IN A 127.0.0.1", q.Question[0].Name))
			if err == nil {
				m.Answer = append(m.Answer, rr)
			}
		}
		_ = w.WriteMsg(m)
	})}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.ActivateAndServe() }()
	t.Cleanup(func() { _ = srv.Shutdown(); <-done })
	return l.Addr().String()
}
