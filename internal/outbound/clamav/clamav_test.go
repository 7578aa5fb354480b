package clamav

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"parlatory"
	"parlatory/internal/domain/file"
	"parlatory/test/clamav"
)

func scanner(t *testing.T, address string, change ...func(*Options)) *Scanner {
	t.Helper()
	o := Options{Address: address, Timeout: 30 * time.Second}
	for _, c := range change {
		c(&o)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A real clamd: clean, found, found in the midst and at the end of what takes many chunks, too large.
func TestClamd(t *testing.T) {
	s := scanner(t, clamav.Start(t))
	if err := s.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if v, err := s.Version(t.Context()); err != nil || !strings.HasPrefix(v, "ClamAV ") {
		t.Error(v, err)
	}
	padding := strings.Repeat("nothing of note. ", 20_000)
	for what, text := range map[string]string{
		"empty": "", "short": "Grüße", "one chunk": strings.Repeat("x", chunkSize), "two chunks": strings.Repeat("x", 2*chunkSize), "long": padding,
		"the limit itself": strings.Repeat("x", clamav.Limit),
	} {
		if v, err := s.Scan(t.Context(), strings.NewReader(text)); err != nil || v != (file.Verdict{Clean: true}) {
			t.Errorf("%s: %+v, %v", what, v, err)
		}
	}
	for what, text := range map[string]string{"alone": clamav.EICAR(), "at the end": padding + clamav.EICAR(), "in the midst": padding + clamav.EICAR() + padding} {
		if v, err := s.Scan(t.Context(), iotest.OneByteReader(strings.NewReader(text))); err != nil || v != (file.Verdict{Name: clamav.Found}) {
			t.Errorf("%s: %+v, %v", what, v, err)
		}
	}
	// What is beyond the scanner's limit is not clean, nor is it when the evil part stands in front.
	for _, text := range []string{strings.Repeat("x", clamav.Limit+1), clamav.EICAR() + strings.Repeat("x", 3*clamav.Limit)} {
		v, err := s.Scan(t.Context(), strings.NewReader(text))
		if v != (file.Verdict{}) || err == nil || parlatory.KindOf(err) != parlatory.KindTooLarge && parlatory.KindOf(err) != parlatory.KindUnavailable {
			t.Errorf("%d bytes: %+v, %v", len(text), v, err)
		}
	}
	small := scanner(t, clamav.Start(t), func(o *Options) { o.MaxBytes = 100 })
	if v, err := small.Scan(t.Context(), strings.NewReader(strings.Repeat("x", 101))); v.Clean || !errors.Is(err, ErrLimit) || parlatory.KindOf(err) != parlatory.KindTooLarge {
		t.Error(v, err)
	}
	if v, err := small.Scan(t.Context(), strings.NewReader(strings.Repeat("x", 100))); !v.Clean || err != nil {
		t.Error(v, err)
	}
	// A file that can't be read is no clean one.
	cut := io.MultiReader(strings.NewReader(padding), iotest.ErrReader(io.ErrNoProgress))
	if v, err := s.Scan(t.Context(), cut); v != (file.Verdict{}) || !errors.Is(err, io.ErrNoProgress) {
		t.Error(v, err)
	}
}

// hostile listens and does to each connection what it is told.
func hostile(t *testing.T, do func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			do(c)
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return l.Addr().String()
}

// take reads a whole command.
func take(c net.Conn) {
	var command []byte
	for one := [1]byte{'z'}; one[0] != 0; command = append(command, one[0]) {
		if _, err := io.ReadFull(c, one[:]); err != nil {
			return
		}
	}
	for string(command) == "zINSTREAM\x00" {
		var n [4]byte
		if _, err := io.ReadFull(c, n[:]); err != nil || n == [4]byte{} {
			return
		}
		_, _ = io.CopyN(io.Discard, c, int64(binary.BigEndian.Uint32(n[:])))
	}
}

// Nothing but the two exact sentences is a verdict.
func TestHostileAnswersAreNoVerdict(t *testing.T) {
	for _, answer := range []string{
		"", "\x00", "stream: OK", "stream: OK\n", "stream: OK\x00\x00", "stream: OK\x00stream: Evil FOUND\x00", "stream: OK\x00x", " stream: OK\x00", "stream: ok\x00", "stream: OK \x00",
		"stream:OK\x00", "OK\x00", "1: stream: OK\x00", "stream: \x00OK\x00", "stream: Evil FOUND OK\x00", "stream: FOUND\x00", "stream:  FOUND\x00", "stream: a b FOUND\x00", "stream: a\nb FOUND\x00",
		"stream: \x1b[31m FOUND\x00", "stream: é FOUND\x00", "stream: " + strings.Repeat("x", maxName+1) + " FOUND\x00", "stream: Evil ERROR\x00", "UNKNOWN COMMAND\x00",
		"INSTREAM: Can't open file or directory ERROR\x00", strings.Repeat("x", 1<<20), strings.Repeat("\x00", 2000), "stream: " + strings.Repeat("OK", 1000) + "\x00",
	} {
		s := scanner(t, hostile(t, func(c net.Conn) { take(c); _, _ = io.WriteString(c, answer) }))
		v, err := s.Scan(t.Context(), strings.NewReader("text"))
		if v != (file.Verdict{}) || parlatory.KindOf(err) != parlatory.KindUnavailable {
			t.Errorf("%.40q: %+v, %v", answer, v, err)
		}
		if err := s.Ping(t.Context()); err == nil {
			t.Errorf("%.40q is a PONG", answer)
		}
		if _, err := s.Version(t.Context()); err == nil {
			t.Errorf("%.40q is a version", answer)
		}
	}
	// The test's own listener is not why: it can say the right words.
	s := scanner(t, hostile(t, func(c net.Conn) { take(c); _, _ = io.WriteString(c, "stream: OK\x00") }))
	if v, err := s.Scan(t.Context(), strings.NewReader("text")); err != nil || !v.Clean {
		t.Error(v, err)
	}
}

// A connection that is cut, at whatever point, or never answers, is no verdict; nor is a hasty one.
func TestCutsAndStallsAreNoVerdict(t *testing.T) {
	large := bytes.Repeat([]byte("x"), 8<<20)
	for what, do := range map[string]func(net.Conn){
		"cut at once":    func(net.Conn) {},
		"cut in command": func(c net.Conn) { _, _ = io.ReadFull(c, make([]byte, 4)) },
		"cut in stream":  func(c net.Conn) { _, _ = io.CopyN(io.Discard, c, 100_000) },
		"clean too soon": func(c net.Conn) {
			_, _ = io.CopyN(io.Discard, c, 100_000)
			_, _ = io.WriteString(c, "stream: OK\x00")
		},
		"answer cut": func(c net.Conn) { take(c); _, _ = io.WriteString(c, "stream: O") },
	} {
		s := scanner(t, hostile(t, do))
		v, err := s.Scan(t.Context(), bytes.NewReader(large))
		if v != (file.Verdict{}) || parlatory.KindOf(err) != parlatory.KindUnavailable {
			t.Errorf("%s: %+v, %v", what, v, err)
		}
		if strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("%s: the error says where: %v", what, err)
		}
	}
	for what, do := range map[string]func(net.Conn, <-chan struct{}){
		"never reads":   func(_ net.Conn, end <-chan struct{}) { <-end },
		"never answers": func(c net.Conn, end <-chan struct{}) { take(c); <-end },
		"never hangs up": func(c net.Conn, end <-chan struct{}) {
			take(c)
			_, _ = io.WriteString(c, "stream: OK\x00")
			<-end
		},
	} {
		end := make(chan struct{})
		s := scanner(t, hostile(t, func(c net.Conn) { do(c, end) }), func(o *Options) { o.Timeout = 300 * time.Millisecond })
		if v, err := s.Scan(t.Context(), bytes.NewReader(large)); v != (file.Verdict{}) || parlatory.KindOf(err) != parlatory.KindUnavailable {
			t.Errorf("%s: %+v, %v", what, v, err)
		}
		close(end)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s := scanner(t, hostile(t, func(c net.Conn) { take(c); cancel(); _, _ = c.Read(make([]byte, 1)) }))
	if v, err := s.Scan(ctx, strings.NewReader("text")); v != (file.Verdict{}) || !errors.Is(err, context.Canceled) {
		t.Error(v, err)
	}
}

func TestUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	for _, a := range []string{address, "unix:" + filepath.Join(t.TempDir(), "none")} {
		s := scanner(t, a)
		v, err := s.Scan(t.Context(), strings.NewReader("x"))
		if v != (file.Verdict{}) || parlatory.KindOf(err) != parlatory.KindUnavailable || strings.Contains(err.Error(), strings.TrimPrefix(a, "unix:")) {
			t.Errorf("%+v, %v", v, err)
		}
		if parlatory.KindOf(s.Ping(t.Context())) != parlatory.KindUnavailable {
			t.Error("a dead scanner answers")
		}
	}
}

func TestOptions(t *testing.T) {
	for _, address := range []string{"", "unix:", "unix:clamd", "localhost", ":3310", "localhost:", "192.0.2.1:3310", "scanner.example:3310", "localhost.example:3310"} {
		if s, err := New(Options{Address: address}); err == nil || s != nil {
			t.Errorf("%q is taken", address)
		}
	}
	for _, address := range []string{"unix:/run/clamav/clamd.ctl", "127.0.0.1:3310", "[::1]:3310", "localhost:3310"} {
		if _, err := New(Options{Address: address}); err != nil {
			t.Errorf("%q: %v", address, err)
		}
	}
	if _, err := New(Options{Address: "scanner.example:3310", Remote: true}); err != nil {
		t.Error(err)
	}
}

func FuzzVerdict(f *testing.F) {
	for _, s := range []string{"stream: OK", "stream: Evil FOUND", "INSTREAM size limit exceeded. ERROR"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		v, err := verdict(answer)
		if v.Clean && (answer != "stream: OK" || err != nil || v.Name != "") {
			t.Fatalf("%q is clean", answer)
		}
		if err == nil && !v.Clean && answer != "stream: "+v.Name+" FOUND" {
			t.Fatalf("%q finds %q", answer, v.Name)
		}
	})
}
