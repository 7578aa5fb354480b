package rig

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Text waits for a mail to the address and gives its text. Each mail is taken once, by Text or by Token.
func (m *Mailbox) Text(ctx context.Context, address string) (string, error) {
	address = strings.ToLower(address)
	for {
		m.mu.Lock()
		came, mails := m.came, m.mails[address]
		if len(mails) > 0 {
			m.mails[address] = mails[1:]
		}
		m.mu.Unlock()
		if len(mails) > 0 {
			return mails[0], nil
		}
		select {
		case <-came:
		case <-ctx.Done():
			return "", fmt.Errorf("no mail to %s: %w", address, ctx.Err())
		}
	}
}

// Count is how many mails to the address have not been taken.
func (m *Mailbox) Count(address string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.mails[strings.ToLower(address)])
}

// Recipients are all addresses that mail ever came to.
func (m *Mailbox) Recipients() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.mails))
}
