package workspace

import (
	"fmt"
	"net/netip"
	"time"

	"parlatory"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// Budget is one counter: at most Limit in each Window.
type Budget struct {
	Name   string
	Window time.Duration
	Limit  int
}

// Key is the counter's row for one person, address or thing. It is blind: the table holds no address.
func (b Budget) Key(ix *vault.Indexer, of string) vault.Index {
	return ix.Blind("budgets.key", b.Name+"\x00"+of)
}

// Spent is what a counter stands at.
type Spent struct {
	Over  bool
	Count int
	Until time.Time
}

// Refusal is the answer to whoever is over the limit.
func (s Spent) Refusal(now time.Time) error {
	e := parlatory.Fail(parlatory.KindTooMany, "Too many tries. Please wait a little and try again.")
	e.RetryAfter = max(s.Until.Sub(now), time.Second)
	return e
}

// Spend raises the counter by one, in one statement, and says whether it is over. Where the work that it guards is not
// part of tx, tx must be committed before that work begins; a tx that is rolled back has spent nothing.
func (b Budget) Spend(tx *db.Tx, key vault.Index) (Spent, error) {
	var s Spent
	now := tx.Now()
	if err := tx.Row(sqlSpend, key, now.Add(b.Window), now).Scan(&s.Count, &s.Until); err != nil {
		return s, fmt.Errorf("spend budget %s: %w", b.Name, err)
	}
	s.Over = s.Count > b.Limit
	return s, nil
}

// SpendBoth raises two counters by one each, the first one first, in one statement. The keys must differ.
func SpendBoth(tx *db.Tx, first Budget, firstKey vault.Index, second Budget, secondKey vault.Index) (a, b Spent, err error) {
	now := tx.Now()
	rows, err := tx.Query(sqlSpendBoth, firstKey, now.Add(first.Window), now, secondKey, now.Add(second.Window))
	if err != nil {
		return a, b, fmt.Errorf("spend budgets %s and %s: %w", first.Name, second.Name, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var key vault.Index
		var s Spent
		if err := rows.Scan(&key, &s.Count, &s.Until); err != nil {
			return a, b, fmt.Errorf("spend budgets %s and %s: %w", first.Name, second.Name, err)
		}
		if key == firstKey {
			a = s
		} else {
			b = s
		}
	}
	a.Over, b.Over = a.Count > first.Limit, b.Count > second.Limit
	return a, b, rows.Err()
}

// RefundAll is Refund of three counters in this order, in one statement. The keys must differ; a counter that is gone is there again, at nothing.
func RefundAll(tx *db.Tx, first, second, third vault.Index) error {
	if _, err := tx.Exec(sqlRefundAll, first, second, third, tx.Now()); err != nil {
		return fmt.Errorf("refund budgets: %w", err)
	}
	return nil
}

// Refund gives one back: the try turned out to be no failure.
func (b Budget) Refund(tx *db.Tx, key vault.Index) error {
	if _, err := tx.Exec(sqlRefund, key); err != nil {
		return fmt.Errorf("refund budget %s: %w", b.Name, err)
	}
	return nil
}

// Forgive sets the counter to nothing.
func (b Budget) Forgive(tx *db.Tx, key vault.Index) error {
	if _, err := tx.Exec(sqlForgive, key); err != nil {
		return fmt.Errorf("forgive budget %s: %w", b.Name, err)
	}
	return nil
}

// SourceOf is how much of a client address one budget stands for: IPv4 whole, IPv6 by /64, since a subscriber has at
// least that much (RFC 6177 §2).
func SourceOf(addr netip.Addr) string {
	addr = addr.Unmap().WithZone("")
	if !addr.Is6() {
		return addr.String()
	}
	p, err := addr.Prefix(64)
	if err != nil {
		return addr.String()
	}
	return p.String()
}
