package account_test

import (
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/signin"
	"parlatory/internal/storage/db"
)

const day = 24 * time.Hour

// due lets the job of the nodes run.
func due(t *testing.T, w *domaintest.World) {
	t.Helper()
	if err := w.Account.RemoveDue(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// remove removes with a proof of now, and says when the factor goes; zero: it is gone.
func remove(t *testing.T, w *domaintest.World, actor parlatory.Actor, id parlatory.FactorID) time.Time {
	t.Helper()
	goes, err := w.Account.RemoveFactor(t.Context(), proved(w, actor), id)
	if err != nil {
		t.Fatal(err)
	}
	return goes
}

// passkey sets one up in My Account.
func passkey(t *testing.T, w *domaintest.World, actor parlatory.Actor) account.FactorInfo {
	t.Helper()
	token, options, err := w.Account.BeginEnrolPasskey(t.Context(), account.EnrollerOf(actor))
	if err != nil {
		t.Fatal(err)
	}
	asked, err := virtualwebauthn.ParseAttestationOptions(`{"publicKey":` + string(options) + `}`)
	if err != nil {
		t.Fatal(err)
	}
	handle := actor.Account.Raw()
	made := virtualwebauthn.CreateAttestationResponse(virtualwebauthn.RelyingParty{ID: domaintest.Domain, Name: "Company acme", Origin: "https://acme." + domaintest.Domain},
		virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: handle[:]}), virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2), *asked)
	info, _, err := w.Account.AddFactor(t.Context(), proved(w, actor), account.Confirm{Ceremony: token, Credential: json.RawMessage(made), Name: "Key"})
	if err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(time.Minute)
	return info
}

// again signs somebody in with password and app.
func again(t *testing.T, w *domaintest.World, ws parlatory.WorkspaceID, secret, invitation parlatory.Secret) parlatory.Actor {
	t.Helper()
	r, err := w.Signin.PayFactor(t.Context(), half(t, w, ws, ada, invitation), signin.FactorTry{FactorTry: account.FactorTry{Code: domaintest.Code(t, secret, w.Clock.Now())}})
	if err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(time.Minute)
	return w.Resume(t, ws, w.Agreed(t, ws, r).Token)
}

// TestAC_031_LastFactorGoesAfterADay: whoever holds a stolen session and a proof of this very moment is not rid of the owner's last factor
// within a day: it counts and is asked for, asking twice hastens nothing, and the owner is told and keeps it from another session without
// any proof. Where nobody keeps it, it goes once, with the recovery codes and all sessions, in the ledgers and by a letter. Red
// without the call of waits.
//
// ASVS V6.3.7, V7.5.1, V7.4.3
func TestAC_031_LastFactorGoesAfterADay(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, thief := w.Founded(t, "acme")
		other, boss := w.Founded(t, "other")
		secret, _, phone := w.Phone(t, thief, w.MailCode(t, thief, ada))
		if _, err := w.Staff.Invite(t.Context(), boss, ada, "", role.Agent); err != nil {
			t.Fatal(err)
		}
		again(t, w, other, secret, w.Link(ada)) // the invitation is redeemed
		w.Clock.Advance(2 * day)
		thief = again(t, w, ws, secret, parlatory.Secret{})

		goes := remove(t, w, thief, phone.ID)
		if left := goes.Sub(w.Clock.Now()); left > day || left < day-time.Minute {
			t.Fatalf("it goes in %v", left)
		}
		if _, err := w.Account.RemoveFactor(t.Context(), proved(w, thief), phone.ID); parlatory.KindOf(err) != parlatory.KindConflict {
			t.Errorf("asked for twice: %v", err)
		}
		w.Clock.Advance(day - 5*time.Minute)
		due(t, w)
		if s := state(w, ws, thief.Account); !s.TOTP || s.Recovery != 10 {
			t.Fatalf("gone within the day: %+v", s)
		}
		owner := again(t, w, other, secret, parlatory.Secret{})
		owner.Proved = time.Time{}
		if f, err := w.Account.Factors(t.Context(), owner); err != nil || len(f.Items) != 1 || !f.Items[0].Goes.Equal(goes) {
			t.Fatalf("what the owner sees: %+v %v", f.Items, err)
		}
		if err := w.Account.KeepFactor(t.Context(), owner, phone.ID); err != nil {
			t.Fatal(err)
		}
		if err := w.Account.KeepFactor(t.Context(), owner, phone.ID); parlatory.KindOf(err) != parlatory.KindConflict {
			t.Errorf("kept twice: %v", err)
		}
		w.Clock.Advance(2 * day)
		due(t, w)
		if s := state(w, ws, thief.Account); !s.TOTP || s.Recovery != 10 {
			t.Fatalf("kept, and gone: %+v", s)
		}
		gone(t, w, ws, other, secret, phone)
	})
}

// gone is the other end: nobody keeps the factor.
func gone(t *testing.T, w *domaintest.World, ws, other parlatory.WorkspaceID, secret parlatory.Secret, phone account.FactorInfo) {
	t.Helper()
	asker := again(t, w, ws, secret, parlatory.Secret{})
	remove(t, w, asker, phone.ID)
	w.Clock.Advance(day)
	last := again(t, w, other, secret, parlatory.Secret{}) // asked for, until it is gone
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if err := w.Account.RemoveDue(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if s := state(w, ws, asker.Account); s.Any() || s.Recovery != 0 {
		t.Fatalf("a day later: %+v", s)
	}
	if _, err := w.Sessions.Session(t.Context(), other, w.Tokens[last.Session].Reveal(), w.At(other)); parlatory.KindOf(err) != parlatory.KindUnauthenticated {
		t.Errorf("a session stands: %v", err)
	}
	if err := w.Account.KeepFactor(t.Context(), last, phone.ID); parlatory.KindOf(err) != parlatory.KindUnauthenticated {
		t.Errorf("kept when it is gone, by a session that went with it: %v", err)
	}
	w.Deliver()
	for subject, n := range map[account.Notice]int{account.NoticeFactorGoes: 2, account.NoticeFactorKept: 1, account.NoticeFactorRemoved: 1} {
		if m := w.Mail.Count(ada, string(subject)); m != n {
			t.Errorf("%d letters %q", m, subject)
		}
	}
	for range 3 {
		if err := w.Account.Echo(t.Context(), w.Staff); err != nil {
			t.Fatal(err)
		}
	}
	// At home: kept elsewhere, gone. Elsewhere: added, scheduled twice, gone; but the sign-up of that membership came after the first.
	for what, is := range map[string]int{
		"the house":      w.Count(parlatory.House, "ledger_entries", "act = 'account.factor-gone'") + 10*w.Count(parlatory.House, "ledger_entries", "act = 'account.factor-keep'"),
		"home":           w.Count(ws, "ledger_entries", "act = 'account.echo'") - 1 + 10*(w.Count(ws, "ledger_entries", "act = 'account.factor'")-2),
		"the other door": w.Count(other, "ledger_entries", "act = 'account.factor-keep'") + 10*(w.Count(other, "ledger_entries", "act = 'account.echo'")-3),
	} {
		if is != 11 {
			t.Errorf("entries of %s: %d", what, is)
		}
	}
}

// TestAC_031_PlantedFactorIsNoSubstitute: a thief who sets up a factor first is not rid of the owner's any sooner, and not by asking for one
// after the other; the owner is rid of the planted one at once. Red without the day in standsFor; without its order of age; without
// the look at what goes.
//
// ASVS V6.3.7
func TestAC_031_PlantedFactorIsNoSubstitute(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		_, admin := w.Founded(t, "acme")
		_, _, phone := w.Phone(t, admin, w.MailCode(t, admin, ada))
		w.Clock.Advance(day)
		planted := passkey(t, w, admin)
		if remove(t, w, admin, phone.ID).IsZero() {
			t.Fatal("the planted passkey stands for the owner's phone")
		}
		if err := w.Account.KeepFactor(t.Context(), admin, phone.ID); err != nil {
			t.Fatal(err)
		}
		if planted.Waits || !remove(t, w, admin, planted.ID).IsZero() {
			t.Fatal("the owner is not rid of the planted passkey")
		}
		own := passkey(t, w, admin)
		w.Clock.Advance(day)
		if remove(t, w, admin, own.ID).IsZero() {
			t.Fatal("the phone stands for the passkey")
		}
		if remove(t, w, admin, phone.ID).IsZero() {
			t.Fatal("what goes stands for the last one")
		}
		for _, id := range []parlatory.FactorID{own.ID, phone.ID} {
			if err := w.Account.KeepFactor(t.Context(), admin, id); err != nil {
				t.Fatal(err)
			}
		}
		if !remove(t, w, admin, phone.ID).IsZero() {
			t.Error("the passkey does not stand for the phone")
		}
	})
}

// TestAC_031_KeptOrGone: where the owner keeps a factor at the moment at which it goes, one of the two happens, and its entry says which. Red
// without the revision in sqlDeleteFactor.
func TestAC_031_KeptOrGone(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		var phone account.FactorInfo
		kept, rounds := 0, 24
		for n := range rounds {
			if !state(w, ws, admin.Account).Any() {
				w.Clock.Advance(time.Hour)
				if phone.ID != (parlatory.FactorID{}) {
					admin = w.SignIn(t, ws, ada, domaintest.Password) // its session went with the factor
				}
				_, _, phone = w.Phone(t, admin, w.MailCode(t, admin, ada))
			}
			remove(t, w, admin, phone.ID)
			w.Clock.Advance(day)
			var keep error
			var wg sync.WaitGroup
			wg.Go(func() { keep = w.Account.KeepFactor(t.Context(), admin, phone.ID) })
			for range 2 {
				wg.Go(func() {
					time.Sleep(time.Duration(n) * time.Millisecond) // what the one has to read before takes longer on PostgreSQL
					_ = w.Account.RemoveDue(t.Context())
				})
			}
			wg.Wait()
			if keep == nil {
				kept++
			}
			if has := state(w, ws, admin.Account).Any(); has != (keep == nil) {
				t.Fatalf("it counts: %v, kept: %v", has, keep)
			}
		}
		t.Logf("%d of %d kept", kept, rounds)
		if n := w.Count(parlatory.House, "ledger_entries", "act = 'account.factor-keep'"); n != kept {
			t.Errorf("%d entries of %d kept", n, kept)
		}
		if n := w.Count(parlatory.House, "ledger_entries", "act = 'account.factor-gone'"); n != rounds-kept {
			t.Errorf("%d entries of %d gone", n, rounds-kept)
		}
	})
}

// TestAC_031_TwoRemovalsAtOnce: of two factors that are removed at the same moment one goes, and the other waits. Red without Lock in change, on
// PostgreSQL.
func TestAC_031_TwoRemovalsAtOnce(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		_, admin := w.Founded(t, "acme")
		_, _, one := w.Phone(t, admin, w.MailCode(t, admin, ada))
		for range 12 {
			_, _, two := w.Phone(t, proved(w, admin), parlatory.Secret{})
			w.Clock.Advance(day)
			at := map[parlatory.FactorID]time.Time{}
			var mu sync.Mutex
			var wg sync.WaitGroup
			for _, id := range []parlatory.FactorID{one.ID, two.ID} {
				wg.Go(func() {
					goes, err := w.Account.RemoveFactor(t.Context(), proved(w, admin), id)
					mu.Lock()
					defer mu.Unlock()
					if at[id] = goes; err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if at[one.ID].IsZero() == at[two.ID].IsZero() {
				t.Fatalf("%v", at)
			}
			if at[one.ID].IsZero() {
				one = two
			}
			if err := w.Account.KeepFactor(t.Context(), admin, one.ID); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestAC_031_EditedRemoval: a moment that was written into the row past the program removes nothing, and one that was taken off leaves a
// row that does not open. Red without goes in the binding.
func TestAC_031_EditedRemoval(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	secret, _, phone := w.Phone(t, admin, w.MailCode(t, admin, ada))
	edit := func(at time.Time) {
		w.Look(parlatory.House, func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE factors SET goes_at = $2 WHERE workspace = $1`, at)
			return err
		})
	}
	edit(w.Clock.Now().Add(-time.Hour))
	due(t, w)
	if !state(w, ws, admin.Account).TOTP {
		t.Fatal("removed by who writes into the database")
	}
	edit(time.Time{})
	if _, err := prove(t, w, bound(admin), account.FactorTry{Code: domaintest.Code(t, secret, w.Clock.Now())}); err != nil {
		t.Fatal(err)
	}
	remove(t, w, admin, phone.ID)
	w.Clock.Advance(time.Minute)
	edit(time.Time{})
	if _, err := prove(t, w, bound(admin), account.FactorTry{Code: domaintest.Code(t, secret, w.Clock.Now())}); err == nil {
		t.Error("the row opens without its moment")
	}
}
