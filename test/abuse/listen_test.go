package abuse

import (
	"strings"
	"sync"
	"testing"
	"time"
)

// listener keeps what a socket is sent.
type listener struct {
	mu    sync.Mutex
	heard []string
}

func (l *listener) push(data []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard = append(l.heard, string(data))
}

func (l *listener) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard = nil
}

func (l *listener) has(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, h := range l.heard {
		if strings.Contains(h, text) {
			return true
		}
	}
	return false
}

// wait waits until a text was heard.
func (l *listener) wait(t *testing.T, text string) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if l.has(text) {
			return
		}
	}
	t.Fatalf("%q was not heard in 10 s", text)
}

// quiet fails if one of the texts was heard, or is within a second.
func (l *listener) quiet(t *testing.T, ids map[string]string, texts ...string) {
	t.Helper()
	time.Sleep(time.Second)
	for what, id := range ids {
		if l.has(id) {
			t.Errorf("the other's %s was heard", what)
		}
	}
	for _, text := range texts {
		if l.has(text) {
			t.Errorf("%q was heard", text)
		}
	}
}
