package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parlatory"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/credential"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// A browser stays known for deviceLife after the last sign-in on it; an account has deviceMost of them at most, so that what a
// stolen password can add is bounded.
const (
	deviceLife = 400 * 24 * time.Hour
	deviceMost = 32
	// justMade is how young an account is whose first browser is no news to its owner.
	justMade = time.Hour
)

// device is a browser on which a person has signed in fully. Its row is found by a blind index of account and token: without the
// house's index key nobody makes one, and with the token of another account nobody finds one.
type device struct {
	id            parlatory.DeviceID
	account       parlatory.AccountID
	index         vault.Index
	created, seen time.Time
	revision      uint32
	sealed        vault.Sealed
}

// origin is from where somebody came; it is sealed.
type origin struct {
	Address string `json:"address"`
	Agent   string `json:"agent"`
	Wide    bool   `json:"wide,omitempty"` // a factor that counts everywhere was proved on it once
}

func originOf(a parlatory.Actor) origin {
	o := origin{Agent: a.Device}
	if a.Address.IsValid() {
		o.Address = a.Address.Unmap().WithZone("").String()
	}
	return o
}

func (d device) binding() vault.Binding {
	return vault.Binding{Table: "devices", Row: d.id.Raw(), Revision: d.revision, Clear: []any{d.account, d.index[:], d.created, d.seen}}
}

func deviceIndex(ix *vault.Indexer, account parlatory.AccountID, token parlatory.Secret) vault.Index {
	return ix.Blind("devices.token_index", account.String()+"\x00"+token.Reveal())
}

// findDevice costs the unknown account, and the browser without a cookie, the same statement.
func findDevice(tx *db.Tx, account parlatory.AccountID, index vault.Index) (device, error) {
	d := device{index: index}
	err := tx.House().Row(sqlDevice, index).Scan(&d.id, &d.account, &d.created, &d.seen, &d.revision, &d.sealed)
	if errors.Is(err, db.ErrNone) || err == nil && (account.Zero() || d.account != account || tx.Now().Sub(d.seen) >= deviceLife) {
		return device{}, nil
	}
	if err != nil {
		return device{}, fmt.Errorf("read device: %w", err)
	}
	return d, nil
}

// DeviceAt is the known device that a browser's token names, for a sign-in without a password; zero where it is none.
func (a *Room) DeviceAt(tx *db.Tx, ix *vault.Indexer, held *vault.Held, account parlatory.AccountID, token parlatory.Secret) (parlatory.DeviceID, error) {
	d, err := findDevice(tx, account, deviceIndex(ix, account, token))
	if err != nil || d.id.Zero() {
		return parlatory.DeviceID{}, err
	}
	if _, err := held.Open(d.binding(), d.sealed); err != nil {
		a.o.Log.Error("row refused", "table", "devices", "row", d.id.String())
		return parlatory.DeviceID{}, nil //nolint:nilerr // a row that does not open is no known browser
	}
	return d.id, nil
}

// Arrival is what the end of a sign-in needs, fetched before its transaction.
type Arrival struct {
	actor    parlatory.Actor
	held     *vault.Held
	account  Account
	device   parlatory.DeviceID
	index    *vault.Indexer
	settings *vault.Held
	view     workspace.View
	maxAge   int
}

// Arriving prepares Arrived. device is the Verdict's, kept by a half session; actor says from where the person comes.
func (a *Room) Arriving(ctx context.Context, actor parlatory.Actor, held *vault.Held, acc Account, device parlatory.DeviceID) (Arrival, error) {
	arr := Arrival{actor: actor, held: held, account: acc, device: device}
	var err error
	if arr.index, err = a.o.Ring.Index(ctx, parlatory.House); err != nil {
		return arr, fmt.Errorf("hold house index key: %w", err)
	}
	if arr.settings, err = a.o.Ring.Hold(ctx, actor.Workspace, vault.Settings); err != nil {
		return arr, fmt.Errorf("hold settings key: %w", err)
	}
	if arr.view, err = a.o.Workspace.Named(ctx, actor.Workspace); err != nil {
		return arr, err
	}
	s, err := a.o.Security.Of(ctx, actor.Workspace)
	arr.maxAge = s.Password.MaxAgeDays
	return arr, err
}

// Arrived ends a full sign-in, in its transaction: the failures that count against this browser are cleared, and the browser is known from now
// on. token is its cookie where it was not known before; then the person is told. device is which it is. wide says that a factor that counts
// everywhere was proved in it: from then on the browser's tries of factors are a class of their own.
func (a *Room) Arrived(tx *db.Tx, arr Arrival, wide bool) (token parlatory.Secret, device parlatory.DeviceID, err error) {
	if err := a.clearFailures(tx, arr.index, arr.account.ID, arr.device); err != nil {
		return token, device, err
	}
	if err := a.warn(tx, arr); err != nil {
		return token, device, err
	}
	if !arr.device.Zero() {
		if kept, err := a.keepDevice(tx, arr, wide); err != nil || kept {
			return token, arr.device, err
		}
	}
	// Never the token that the browser came with: who planted it, or shares the browser, would know it.
	if token, _, err = credential.NewToken(); err != nil {
		return token, device, err
	}
	var n int
	if err := tx.House().Row(sqlCountDevices, arr.account.ID).Scan(&n); err != nil {
		return token, device, fmt.Errorf("count devices: %w", err)
	}
	if device, err = a.putDevice(tx, arr, wide, token); err != nil {
		return token, device, err
	}
	if arr.account.quiet || n == 0 && (arr.account.CreatedAt.IsZero() || tx.Now().Sub(arr.account.CreatedAt) < justMade) {
		return token, device, nil
	}
	return token, device, a.Notify(tx, arr.settings, arr.view, arr.account, NoticeDevice, arr.actor)
}

func (a *Room) putDevice(tx *db.Tx, arr Arrival, wide bool, token parlatory.Secret) (parlatory.DeviceID, error) {
	d := device{id: parlatory.NewID[parlatory.DeviceKind](a.o.Clock), account: arr.account.ID, index: deviceIndex(arr.index, arr.account.ID, token),
		created: tx.Now(), seen: tx.Now(), revision: 1}
	var err error
	from := originOf(arr.actor)
	from.Wide = wide
	if d.sealed, err = vault.SealJSON(arr.held, d.binding(), from); err != nil {
		return d.id, fmt.Errorf("seal device: %w", err)
	}
	if _, err := tx.House().Exec(sqlPutDevice, d.id, d.account, d.index, d.created, d.seen, d.revision, d.sealed); err != nil {
		return d.id, fmt.Errorf("store device: %w", err)
	}
	if _, err := tx.House().Exec(sqlTrimDevices, d.account, deviceMost); err != nil {
		return d.id, fmt.Errorf("trim devices: %w", err)
	}
	return d.id, nil
}

// keepDevice writes when and from where a known browser came; a row that went meanwhile, or does not open, is not kept.
func (a *Room) keepDevice(tx *db.Tx, arr Arrival, wide bool) (bool, error) {
	d := device{id: arr.device}
	err := tx.House().Row(sqlDeviceByID, d.id, arr.account.ID).Scan(&d.account, &d.index, &d.created, &d.seen, &d.revision, &d.sealed)
	if errors.Is(err, db.ErrNone) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read device: %w", err)
	}
	var before origin
	if err := vault.OpenJSON(arr.held, d.binding(), d.sealed, &before); err != nil {
		a.o.Log.Error("row refused", "table", "devices", "row", d.id.String())
		return false, nil //nolint:nilerr // as above: it is kept as a new one
	}
	d.seen, d.revision = tx.Now(), d.revision+1
	from := originOf(arr.actor)
	from.Wide = wide || before.Wide
	if d.sealed, err = vault.SealJSON(arr.held, d.binding(), from); err != nil {
		return false, fmt.Errorf("seal device: %w", err)
	}
	// Another sign-in on it at the same moment has written the same.
	if _, err := tx.House().Exec(sqlKeepDevice, d.id, d.seen, d.revision, d.sealed, d.revision-1); err != nil {
		return false, fmt.Errorf("store device: %w", err)
	}
	return true, nil
}

// warn tells by mail, once a password, that it ends within a week at this door.
func (a *Room) warn(tx *db.Tx, arr Arrival) error {
	ends := arr.account.ExpiresAt(arr.maxAge)
	if ends.IsZero() || ends.Sub(tx.Now()) > warnBefore || !tx.Now().Before(ends) {
		return nil
	}
	once := workspace.Budget{Name: "password.warned", Window: 2 * warnBefore, Limit: 1}
	spent, err := once.Spend(tx.House(), once.Key(arr.index, arr.account.ID.String()+arr.actor.Workspace.String()+arr.account.PasswordAt.Format(time.RFC3339)))
	if err != nil || spent.Over {
		return err
	}
	return a.Notify(tx, arr.settings, arr.view, arr.account, noticeExpiry, arr.actor, ends.UTC().Format(letterDay))
}

// Sweep forgets browsers that count no more, runs of failures that nobody adds to, and the pardons of these.
func (a *Room) Sweep(ctx context.Context) error {
	permit, err := a.o.Law.System(actSweep, parlatory.House)
	if err != nil {
		return err
	}
	err = a.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		now := tx.Now()
		if _, err := tx.Exec(sqlSweepDevices, now.Add(-deviceLife)); err != nil {
			return fmt.Errorf("sweep devices: %w", err)
		}
		if _, err := tx.Exec(sqlSweepFailures, now.Add(-failureShort), now.Add(-deviceLife), now.Add(-failureNobody)); err != nil {
			return fmt.Errorf("sweep failures: %w", err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return a.sweepPardons(ctx, a.o.Clock.Now())
}
