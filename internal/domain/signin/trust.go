package signin

import (
	"fmt"
	"time"

	"parlatory"
	"parlatory/internal/domain/security"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// trust is a device on which the second factor is not asked for a while, at one door.
type trust struct {
	id             parlatory.RowID
	account        parlatory.AccountID
	device         parlatory.DeviceID
	door           parlatory.WorkspaceID
	factor         parlatory.Factor // what was proved when it was trusted
	created, until time.Time
	sealed         vault.Sealed
}

func (t trust) binding() vault.Binding {
	return vault.Binding{Table: "trusts", Row: t.id.Raw(), Revision: 1, Clear: []any{t.account, t.device, t.door, string(t.factor), t.created, t.until}}
}

func scanTrusts(rows *db.Rows) (all []trust, err error) {
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var t trust
		if err := rows.Scan(&t.id, &t.account, &t.device, &t.door, &t.factor, &t.created, &t.until, &t.sealed); err != nil {
			return nil, fmt.Errorf("read trusted device: %w", err)
		}
		all = append(all, t)
	}
	return all, rows.Err()
}

// trustsAt reads the trusted devices of an account at tx's door. There are as many as an account has devices.
func trustsAt(tx *db.Tx, account parlatory.AccountID) ([]trust, error) {
	rows, err := tx.House().Query(sqlTrusts, account, tx.Workspace())
	if err != nil {
		return nil, fmt.Errorf("read trusted devices: %w", err)
	}
	return scanTrusts(rows)
}

// trusted is what a device was trusted by, if it still is by the policy that holds now: switched off or made shorter it ends at once.
func (s *Room) trusted(held *vault.Held, all []trust, device parlatory.DeviceID, p security.FactorPolicy) parlatory.Factor {
	now := s.o.Clock.Now()
	for _, t := range all {
		days := time.Duration(p.TrustDays) * 24 * time.Hour
		if device.Zero() || t.device != device || !now.Before(t.until) || now.Sub(t.created) >= days || !p.Counts(t.factor) {
			continue
		}
		if _, err := held.Open(t.binding(), t.sealed); err != nil {
			s.o.Log.Error("row refused", "table", "trusts", "row", t.id.String())
			continue
		}
		return t.factor
	}
	return parlatory.NoFactor
}

// trust keeps, in the transaction that begins the session, that the person asked for it and the workspace allows it.
func (s *Room) trust(tx *db.Tx, e entrance, p progress, st standing, device parlatory.DeviceID) error {
	if !p.Trust || st.settings.Factor.TrustDays == 0 || device.Zero() || p.Factor != parlatory.TOTP && p.Factor != parlatory.Passkey {
		return nil
	}
	t := trust{id: parlatory.NewID[parlatory.RowKind](s.o.Clock), account: e.account.ID, device: device, door: tx.Workspace(), factor: p.Factor,
		created: tx.Now(), until: tx.Now().Add(time.Duration(st.settings.Factor.TrustDays) * 24 * time.Hour)}
	sealed, err := e.key.Seal(t.binding(), []byte("trusted"))
	if err != nil {
		return fmt.Errorf("seal trusted device: %w", err)
	}
	house := tx.House()
	if _, err := house.Exec(sqlDropTrust, t.account, t.door, t.device); err != nil {
		return fmt.Errorf("renew trusted device: %w", err)
	}
	if _, err := house.Exec(sqlPutTrust, t.id, t.account, t.device, t.door, string(t.factor), t.created, t.until, sealed); err != nil {
		return fmt.Errorf("store trusted device: %w", err)
	}
	return nil
}

// dropTrusts ends the trust in all devices of an account, at one door or (zero) at all.
func dropTrusts(tx *db.Tx, account parlatory.AccountID, door parlatory.WorkspaceID) (err error) {
	if door.Zero() {
		_, err = tx.House().Exec(sqlDropTrusts, account)
	} else {
		_, err = tx.House().Exec(sqlDropTrustsAt, account, door)
	}
	if err != nil {
		return fmt.Errorf("end trust in devices: %w", err)
	}
	return nil
}
