package front

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"parlatory"
)

// CertificatePair names a certificate chain and its key, both PEM.
type CertificatePair struct{ Certificate, Key string }

// Files are certificates from files. They are looked at again at most every ten seconds, at a handshake; files that
// have become unreadable leave the last good certificate in force and a line in the log.
type Files struct {
	pairs []CertificatePair
	clock parlatory.Clock
	log   *slog.Logger

	mu     sync.Mutex
	looked time.Time
	stamps []stamp
	loaded []*tls.Certificate
}

type stamp struct{ certificate, key fileStamp }

type fileStamp struct {
	at   time.Time
	size int64
}

const lookAgain = 10 * time.Second

// OpenFiles reads all pairs, and fails if one is missing or does not fit.
func OpenFiles(pairs []CertificatePair, clock parlatory.Clock, log *slog.Logger) (*Files, error) {
	f := &Files{pairs: pairs, clock: clock, log: log, looked: clock.Now()}
	if len(pairs) == 0 {
		return nil, errors.New("certificate files: none given")
	}
	stamps, loaded, err := f.load()
	f.stamps, f.loaded = stamps, loaded
	return f, err
}

func (f *Files) load() ([]stamp, []*tls.Certificate, error) {
	stamps := make([]stamp, len(f.pairs))
	loaded := make([]*tls.Certificate, len(f.pairs))
	for i, p := range f.pairs {
		s, err := stampOf(p) // before the content, so that a change in between is seen next time
		if err != nil {
			return nil, nil, fmt.Errorf("certificate files: %w", err)
		}
		c, err := tls.LoadX509KeyPair(p.Certificate, p.Key)
		if err != nil {
			return nil, nil, fmt.Errorf("certificate %s with key %s: %w", p.Certificate, p.Key, err)
		}
		stamps[i], loaded[i] = s, &c
	}
	return stamps, loaded, nil
}

func stampOf(p CertificatePair) (stamp, error) {
	c, err := os.Stat(p.Certificate)
	if err != nil {
		return stamp{}, err
	}
	k, err := os.Stat(p.Key)
	if err != nil {
		return stamp{}, err
	}
	return stamp{fileStamp{c.ModTime(), c.Size()}, fileStamp{k.ModTime(), k.Size()}}, nil
}

// GetCertificate picks the first certificate that fits the handshake; without a server name, the first of all.
func (f *Files) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	all := f.current()
	for _, c := range all {
		if hello.SupportsCertificate(c) == nil {
			return c, nil
		}
	}
	if hello.ServerName == "" {
		return all[0], nil
	}
	return nil, errors.New("no certificate for this name")
}

func (f *Files) current() []*tls.Certificate {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.clock.Now()
	if now.Sub(f.looked) < lookAgain {
		return f.loaded
	}
	f.looked = now
	if !f.changed() {
		return f.loaded
	}
	stamps, loaded, err := f.load()
	if err != nil {
		f.log.Error("certificate files not taken over", slog.String("cause", err.Error()))
		return f.loaded
	}
	f.stamps, f.loaded = stamps, loaded
	f.log.Info("certificate files taken over")
	return f.loaded
}

func (f *Files) changed() bool {
	for i, p := range f.pairs {
		if s, err := stampOf(p); err != nil || s != f.stamps[i] {
			return true
		}
	}
	return false
}
