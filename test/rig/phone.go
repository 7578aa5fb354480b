package rig

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// Authenticator is somebody's app with one secret. Codes come from oathtool, so that no line of the program under test
// says what is right. A code counts once, so each call gives the code of a later step than the last: of the step before
// this one, of this one, of the next, as far as the drift that is allowed, and then it waits.
type Authenticator struct {
	Secret string

	mu   sync.Mutex
	last int64
}

const totpStep = 30

// NewAuthenticator scans the secret.
func NewAuthenticator(secret string) *Authenticator {
	return &Authenticator{Secret: strings.ReplaceAll(secret, " ", "")}
}

// Code gives the next code that can be right.
func (a *Authenticator) Code(ctx context.Context) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	for {
		now := time.Now()
		step := max(a.last+1, now.Unix()/totpStep-1)
		// A code of the step before ends to be right with this step: one that would die on its way is left out.
		if step < now.Unix()/totpStep && now.Unix()%totpStep > totpStep-5 {
			step++
		}
		if step <= now.Unix()/totpStep+1 {
			a.last = step
			return a.At(step * totpStep)
		}
		select {
		case <-ctx.Done():
			return ""
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// At is the code of a moment.
func (a *Authenticator) At(unix int64) string {
	out, err := exec.Command("oathtool", "--totp", "--base32", "--now", fmt.Sprintf("@%d", unix), a.Secret).Output() //nolint:gosec // a secret of a test
	if err != nil {
		return "oathtool: " + err.Error()
	}
	return strings.TrimSpace(string(out))
}
