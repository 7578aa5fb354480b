package clamav

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"parlatory"
	"parlatory/internal/domain/file"
)

var (
	// ErrLimit is the cause where a file is larger than MaxBytes or than clamd takes.
	ErrLimit = errors.New("file is beyond the scanner's limit")
	// ErrAnswer is the cause where clamd answered something else than a verdict.
	ErrAnswer = errors.New("scanner gave no verdict")
)

// Options are the operator's.
type Options struct {
	Address  string        // "unix:/path" or host:port
	Remote   bool          // host may be another machine: the way to it is protected by other means
	Timeout  time.Duration // for a whole scan; 2 minutes
	MaxBytes int64         // that are sent at most; 512 MiB
}

// Scanner asks one clamd, one connection a scan.
type Scanner struct {
	o                Options
	network, address string
}

var _ file.Scanner = (*Scanner)(nil)

// New checks the options; it connects to nothing yet.
func New(o Options) (*Scanner, error) {
	if o.Timeout <= 0 {
		o.Timeout = 2 * time.Minute
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 512 << 20
	}
	if path, ok := strings.CutPrefix(o.Address, "unix:"); ok {
		if !filepath.IsAbs(path) {
			return nil, errors.New("clamav: path of the socket must begin at the root")
		}
		return &Scanner{o, "unix", path}, nil
	}
	host, port, err := net.SplitHostPort(o.Address)
	if err != nil || host == "" || port == "" {
		return nil, errors.New("clamav: address must be unix:/path or host:port")
	}
	if a, err := netip.ParseAddr(host); !o.Remote && host != "localhost" && (err != nil || !a.Unmap().IsLoopback()) {
		return nil, errors.New("clamav: another machine's scanner must be allowed, since the protocol is not encrypted")
	}
	return &Scanner{o, "tcp", o.Address}, nil
}

// failed is what everybody hears; cause, for the operator's log, holds no address.
func failed(cause error) error {
	return parlatory.Fail(parlatory.KindUnavailable, "Files can't be checked for malware at the moment. Please try again later.").Because(cause)
}

func beyond() error {
	return parlatory.Fail(parlatory.KindTooLarge, "This file is too large to be checked for malware.").Because(ErrLimit)
}

// broken says what happened to a connection without saying where it led.
func broken(ctx context.Context, doing string, err error) error {
	var timeout net.Error
	switch {
	case ctx.Err() != nil:
		return failed(fmt.Errorf("scanner: %s: %w", doing, context.Cause(ctx)))
	case errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout():
		return failed(fmt.Errorf("scanner: %s: %w", doing, os.ErrDeadlineExceeded))
	}
	return failed(errors.New("scanner: " + doing + ": connection failed"))
}

// maxAnswer bounds what is read, maxName a signature's name.
const (
	maxAnswer = 1024
	maxName   = 128
	chunkSize = 64 << 10
)

// ask sends a command, and what write adds to it, and gives the answer without its end. The answer is read also where
// writing failed, since clamd answers before it hangs up; werr is then not nil.
func (s *Scanner) ask(ctx context.Context, command string, write func(net.Conn) error) (answer string, werr, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.o.Timeout)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, s.network, s.address)
	if err != nil {
		return "", nil, broken(ctx, "connect", err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, werr = io.WriteString(conn, "z"+command+"\x00"); werr == nil && write != nil {
		werr = write(conn)
	}
	if errors.As(werr, new(*sourceError)) {
		return "", werr, nil
	}
	got, err := io.ReadAll(io.LimitReader(conn, maxAnswer+1))
	if err != nil && werr == nil {
		return "", nil, broken(ctx, "read the answer", err)
	}
	if werr != nil {
		werr = broken(ctx, "send", werr)
	}
	text, ended := bytes.CutSuffix(got, []byte{0})
	if !ended || len(got) > maxAnswer || bytes.IndexByte(text, 0) >= 0 {
		return "", werr, failed(ErrAnswer)
	}
	return string(text), werr, nil
}

// sourceError is a failure, or the limit, of what is scanned: clamd has no part in it.
type sourceError struct{ err error }

func (e *sourceError) Error() string { return e.err.Error() }
func (e *sourceError) Unwrap() error { return e.err }

// Scan sends all of r. Only a definite answer is a verdict: KindTooLarge because of ErrLimit for a file beyond the limits,
// KindUnavailable for whatever goes wrong with clamd; errors of r itself stay what they are.
func (s *Scanner) Scan(ctx context.Context, r io.Reader) (file.Verdict, error) {
	answer, sent, err := s.ask(ctx, "INSTREAM", func(c net.Conn) error { return s.send(c, r) })
	var source *sourceError
	if errors.As(sent, &source) {
		return file.Verdict{}, source.err
	}
	if err == nil {
		var v file.Verdict
		// Clean counts only after the last byte was taken; a find or the limit may come sooner.
		if v, err = verdict(answer); err == nil && v.Clean && sent != nil {
			v, err = file.Verdict{}, sent
		}
		if err == nil || errors.Is(err, ErrLimit) {
			return v, err
		}
	}
	if sent != nil {
		err = sent
	}
	return file.Verdict{}, err
}

// send writes chunks with their lengths, and an empty one at the end (clamd(8), INSTREAM).
func (s *Scanner) send(c net.Conn, r io.Reader) error {
	buf := make([]byte, 4+chunkSize)
	for left := s.o.MaxBytes; ; {
		n, err := io.ReadFull(r, buf[4:])
		ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !ended {
			return &sourceError{fmt.Errorf("read what is scanned: %w", err)}
		}
		if left -= int64(n); left < 0 {
			return &sourceError{beyond()}
		}
		binary.BigEndian.PutUint32(buf, uint32(n))
		out := buf[:4+n]
		if n > 0 && ended {
			out = append(out, 0, 0, 0, 0)
		}
		if _, err := c.Write(out); err != nil || ended {
			return err
		}
	}
}

// verdict reads clamd's line.
func verdict(answer string) (file.Verdict, error) {
	if answer == "stream: OK" {
		return file.Verdict{Clean: true}, nil
	}
	if answer == "INSTREAM size limit exceeded. ERROR" {
		return file.Verdict{}, beyond()
	}
	name, is := strings.CutPrefix(answer, "stream: ")
	name, found := strings.CutSuffix(name, " FOUND")
	if !is || !found || name == "" || len(name) > maxName || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return file.Verdict{}, failed(ErrAnswer)
	}
	return file.Verdict{Name: name}, nil
}

// Ping asks whether clamd answers.
func (s *Scanner) Ping(ctx context.Context) error {
	answer, sent, err := s.ask(ctx, "PING", nil)
	if err = errors.Join(sent, err); err == nil && answer != "PONG" {
		err = failed(ErrAnswer)
	}
	return err
}

// Version is what clamd says of itself and its signatures, such as "ClamAV 1.4.6/27800/Fri Nov 27 08:00:00 2026".
func (s *Scanner) Version(ctx context.Context) (string, error) {
	answer, sent, err := s.ask(ctx, "VERSION", nil)
	if err = errors.Join(sent, err); err != nil {
		return "", err
	}
	if !strings.HasPrefix(answer, "ClamAV ") || len(answer) > maxName || strings.ContainsFunc(answer, func(r rune) bool { return r < ' ' || r > '~' }) {
		return "", failed(ErrAnswer)
	}
	return answer, nil
}
