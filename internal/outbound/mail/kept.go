package mail

import (
	"context"
	"sync"
	"time"

	"parlatory"
	"parlatory/internal/domain/workspace"
)

// keep is how many mails the demo remembers.
const keep = 200

// Kept holds mails in memory instead of sending them, the newest of them only: for the demo, whose page shows them.
type Kept struct {
	clock parlatory.Clock
	mu    sync.Mutex
	next  int64
	mails []Letter // oldest first
}

// Letter is a mail that was kept.
type Letter struct {
	Number int64 // from 1
	At     time.Time
	workspace.Mail
}

// NewKept makes an empty box.
func NewKept() *Kept { return &Kept{clock: parlatory.SystemClock{}} }

// Send keeps a mail that SMTP would send, and refuses the same ones.
func (k *Kept) Send(_ context.Context, m workspace.Mail) error {
	if _, err := sound(m); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.next++
	k.mails = append(k.mails, Letter{Number: k.next, At: k.clock.Now(), Mail: m})
	if len(k.mails) > keep {
		k.mails = append(k.mails[:0:0], k.mails[len(k.mails)-keep:]...)
	}
	return nil
}

// Letters lists what is kept, newest first.
func (k *Kept) Letters() []Letter {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := make([]Letter, 0, len(k.mails))
	for i := len(k.mails) - 1; i >= 0; i-- {
		out = append(out, k.mails[i])
	}
	return out
}
