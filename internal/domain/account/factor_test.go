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

// half is somebody whose password was right, and who owes the second factor.
func half(t *testing.T, w *domaintest.World, ws parlatory.WorkspaceID, email string, invitation parlatory.Secret) parlatory.Actor {
	t.Helper()
	r, err := w.Signin.Enter(t.Context(), w.At(ws), signin.Try{Email: email, Password: parlatory.NewSecret(domaintest.Password), Invitation: invitation})
	if err != nil || r.Owed != signin.StepFactor {
		t.Fatalf("%+v %v", r.Owed, err)
	}
	actor, err := w.Sessions.Attempt(t.Context(), ws, r.Token.Reveal(), w.At(ws))
	if err != nil {
		t.Fatal(err)
	}
	return actor
}

// proved is somebody who has just given a factor that counts everywhere.
func proved(w *domaintest.World, actor parlatory.Actor) parlatory.Actor {
	actor.Proved, actor.ProvedBy = w.Clock.Now(), parlatory.ByFactor
	return actor
}

func bound(actor parlatory.Actor) account.FactorBound { return account.EnrollerOf(actor).FactorBound }

// prove is a proof and what it leads to, in one.
func prove(t *testing.T, w *domaintest.World, at account.FactorBound, try account.FactorTry) (account.Proof, error) {
	t.Helper()
	p, err := w.Account.ProveFactor(t.Context(), at, try)
	if err != nil {
		return p, err
	}
	permit, err := w.Law.System(domaintest.Raw, at.Door)
	if err != nil {
		t.Fatal(err)
	}
	return p, w.DB.Write(t.Context(), permit, p.Settle)
}

func state(w *domaintest.World, door parlatory.WorkspaceID, acc parlatory.AccountID) (s account.FactorState) {
	w.Look(door, func(tx *db.Tx) (err error) {
		s, err = w.Account.FactorsAt(tx, acc)
		return err
	})
	return s
}

// TestFirstFactor: no first factor without the mailed code of this very session; ten recovery codes come with it; a letter
// tells; a code counts once, a recovery code once; nothing of it counts for somebody else.
//
// ASVS V6.3.7, V6.5.1, V6.6.2
func TestFirstFactor(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		other := w.SignIn(t, ws, "admin@acme.example", domaintest.Password)
		code := w.MailCode(t, other, "admin@acme.example")
		token, secret, _, err := w.Account.BeginTOTP(t.Context(), account.EnrollerOf(admin))
		if err != nil {
			t.Fatal(err)
		}
		for what, mail := range map[string]parlatory.Secret{"no mailed code": {}, "another session's mailed code": code} {
			_, _, err := w.Account.AddFactor(t.Context(), proved(w, admin), account.Confirm{Ceremony: token, Code: domaintest.Code(t, secret, w.Clock.Now()), MailCode: mail, Name: "Phone"})
			if err == nil {
				t.Fatalf("set up with %s", what)
			}
		}
		secret, codes, _ := w.Phone(t, admin, w.MailCode(t, admin, "admin@acme.example"))
		if s := state(w, ws, admin.Account); !s.TOTP || s.Recovery != 10 || len(codes) != 10 {
			t.Fatalf("%+v, %d codes", s, len(codes))
		}
		w.Deliver()
		if w.Mail.Count("admin@acme.example", "A second factor was added") != 1 {
			t.Error("no letter tells of the factor")
		}
		once := account.FactorTry{Code: domaintest.Code(t, secret, w.Clock.Now())}
		stranger := w.Hire(t, ws, role.Agent)
		if _, err := prove(t, w, bound(stranger), once); err == nil {
			t.Error("the code counts for somebody else")
		}
		if p, err := prove(t, w, bound(admin), once); err != nil || p.Factor != parlatory.TOTP {
			t.Fatal(err)
		}
		if _, err := prove(t, w, bound(admin), once); err == nil {
			t.Error("the code counts twice")
		}
		recovery := account.FactorTry{RecoveryCode: codes[4]}
		if _, err := prove(t, w, bound(stranger), recovery); err == nil {
			t.Error("the recovery code counts for somebody else")
		}
		if p, err := prove(t, w, bound(admin), recovery); err != nil || p.Factor != parlatory.Recovery {
			t.Fatal(err)
		}
		if _, err := prove(t, w, bound(admin), recovery); err == nil || state(w, ws, admin.Account).Recovery != 9 {
			t.Error("the recovery code counts twice")
		}
	})
}

// TestAC_023_CodeAtOnce: one code, fifty times at the same moment, counts once; red without the revision in sqlUpdateFactor.
//
// ASVS V6.5.1
func TestAC_023_CodeAtOnce(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		_, admin := w.Founded(t, "acme")
		secret, codes, _ := w.Phone(t, admin, w.MailCode(t, admin, "admin@acme.example"))
		for _, try := range []account.FactorTry{{Code: domaintest.Code(t, secret, w.Clock.Now())}, {RecoveryCode: codes[0]}} {
			var wg sync.WaitGroup
			var mu sync.Mutex
			n := 0
			for range 50 {
				wg.Go(func() {
					if _, err := prove(t, w, bound(admin), try); err == nil {
						mu.Lock()
						n++
						mu.Unlock()
					}
				})
			}
			wg.Wait()
			if n != 1 {
				t.Fatalf("counted %d times", n)
			}
			w.Clock.Advance(21 * time.Minute)
		}
	})
}

// TestAC_025_TriesOfCodes: ten tries in twenty minutes, whatever the session; after a hundred failures in a row the app counts
// no more, and recovery codes do; a mailed code has five tries.
//
// ASVS V6.3.1, V6.6.3
func TestAC_025_TriesOfCodes(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	code := w.MailCode(t, admin, "admin@acme.example")
	token, secret, _, err := w.Account.BeginTOTP(t.Context(), account.EnrollerOf(admin))
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if _, _, err := w.Account.AddFactor(t.Context(), proved(w, admin), account.Confirm{Ceremony: token, Code: domaintest.Code(t, secret, w.Clock.Now()), MailCode: parlatory.NewSecret("0000 000x"), Name: "Phone"}); err == nil {
			t.Fatal("a made-up mailed code")
		}
	}
	if _, _, err := w.Account.AddFactor(t.Context(), proved(w, admin), account.Confirm{Ceremony: token, Code: domaintest.Code(t, secret, w.Clock.Now()), MailCode: code, Name: "Phone"}); err == nil {
		t.Fatal("the mailed code counts after five wrong ones")
	}
	secret, codes, _ := w.Phone(t, admin, w.MailCode(t, admin, "admin@acme.example"))
	wrong := account.FactorTry{Code: parlatory.NewSecret("12345x")}
	for n := range 120 {
		at := bound(admin)
		if n%2 == 1 {
			at.Session = half(t, w, ws, "admin@acme.example", parlatory.Secret{}).Session
		}
		_, err := prove(t, w, at, wrong)
		if over := parlatory.KindOf(err) == parlatory.KindTooMany; err == nil || over != (n%11 == 10) {
			t.Fatalf("try %d: %v", n+1, err)
		}
		if n%11 == 10 {
			w.Clock.Advance(21 * time.Minute)
		}
	}
	w.Clock.Advance(21 * time.Minute)
	admin = half(t, w, ws, "admin@acme.example", parlatory.Secret{})
	if _, err := prove(t, w, bound(admin), account.FactorTry{Code: domaintest.Code(t, secret, w.Clock.Now())}); err == nil {
		t.Error("the app counts after a hundred failures")
	}
	if _, err := prove(t, w, bound(admin), account.FactorTry{RecoveryCode: codes[0]}); err != nil {
		t.Errorf("a recovery code: %v", err)
	}
}

// TestResetsStayInTheirWorkspace is the table of DESIGN §5, row "factor reset by an administrator", with a hostile workspace:
// it voids there alone; what is set up after it counts there alone and touches nothing else, also after the owner proved an older
// one at home, which says nothing of who set the newer one up.
//
// ASVS V6.4.4, V6.5.6
func TestResetsStayInTheirWorkspace(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		home, admin := w.Founded(t, "acme")
		hostile, boss := w.Founded(t, "hostile")
		old, codes, older := w.Phone(t, admin, w.MailCode(t, admin, "admin@acme.example"))
		if _, err := w.Staff.Invite(t.Context(), boss, "admin@acme.example", "", role.Agent); err != nil {
			t.Fatal(err)
		}
		way := half(t, w, hostile, "admin@acme.example", w.Link("admin@acme.example"))
		r, err := w.Signin.PayFactor(t.Context(), way, signin.FactorTry{FactorTry: account.FactorTry{Code: domaintest.Code(t, old, w.Clock.Now())}})
		if err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(time.Minute)
		there := w.Resume(t, hostile, w.Agreed(t, hostile, r).Token)
		w.Look(hostile, func(tx *db.Tx) error { return w.Account.VoidFactors(tx, admin.Account, hostile) })
		if s := state(w, hostile, admin.Account); s.Any() || s.Recovery != 0 || !s.Elsewhere || !s.Voided || !s.NeedsMail() {
			t.Fatalf("at the door of the reset: %+v", s)
		}
		if s := state(w, home, admin.Account); !s.TOTP || s.Recovery != 10 || s.Voided {
			t.Fatalf("elsewhere: %+v", s)
		}
		for what, try := range map[string]account.FactorTry{"old code": {Code: domaintest.Code(t, old, w.Clock.Now())}, "old recovery code": {RecoveryCode: codes[9]}} {
			if _, err := prove(t, w, bound(there), try); err == nil {
				t.Errorf("the %s counts after the reset", what)
			}
		}
		fresh, none, info := w.Phone(t, there, w.MailCode(t, there, "admin@acme.example"))
		if !info.HereOnly || len(none) != 0 {
			t.Fatalf("%+v, %d codes", info, len(none))
		}
		if _, err := prove(t, w, bound(admin), account.FactorTry{Code: domaintest.Code(t, fresh, w.Clock.Now())}); err == nil {
			t.Fatal("the hostile workspace's factor opens another")
		}
		if _, err := w.Account.RemoveFactor(t.Context(), proved(w, there), older.ID); err == nil {
			t.Fatal("the older factor is removed from the hostile door")
		}
		if _, err := w.Account.RenewRecovery(t.Context(), proved(w, there)); err == nil {
			t.Fatal("the recovery codes are replaced from the hostile door")
		}
		w.Clock.Advance(time.Minute)
		if _, err := prove(t, w, bound(admin), account.FactorTry{Code: domaintest.Code(t, old, w.Clock.Now())}); err != nil {
			t.Fatal(err)
		}
		if _, err := prove(t, w, bound(admin), account.FactorTry{Code: domaintest.Code(t, fresh, w.Clock.Now())}); err == nil {
			t.Error("the owner's routine proof at home makes the planted factor count everywhere")
		}
		if _, err := w.Account.RemoveFactor(t.Context(), proved(w, there), info.ID); err != nil {
			t.Errorf("what counts here alone is removed from here: %v", err)
		}
	})
}

// TestAC_034_Ceremonies: a passkey is set up and proved; an answer counts once, for who asked, at the door that asked, within
// five minutes, and for the account whose passkey it is.
//
// ASVS V6.7.2
func TestAC_034_Ceremonies(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		rp := virtualwebauthn.RelyingParty{ID: domaintest.Domain, Name: "Company acme", Origin: "https://acme." + domaintest.Domain}
		handle := admin.Account.Raw()
		key := virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: handle[:]})
		cred := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
		token, options, err := w.Account.BeginEnrolPasskey(t.Context(), account.EnrollerOf(admin))
		if err != nil {
			t.Fatal(err)
		}
		asked, err := virtualwebauthn.ParseAttestationOptions(`{"publicKey":` + string(options) + `}`)
		if err != nil {
			t.Fatal(err)
		}
		made := json.RawMessage(virtualwebauthn.CreateAttestationResponse(rp, key, cred, *asked))
		confirm := account.Confirm{Ceremony: token, Credential: made, MailCode: w.MailCode(t, admin, "admin@acme.example"), Name: "Key"}
		if _, _, err := w.Account.AddFactor(t.Context(), proved(w, admin), confirm); err != nil {
			t.Fatal(err)
		}
		confirm.MailCode = parlatory.Secret{}
		if _, _, err := w.Account.AddFactor(t.Context(), proved(w, admin), confirm); err == nil {
			t.Fatal("the same answer set up another")
		}
		answer := func(acc parlatory.AccountID, session parlatory.SessionID) account.FactorTry {
			token, options, err := w.Account.BeginPasskey(t.Context(), ws, acc, session)
			if err != nil {
				t.Fatal(err)
			}
			cred.Counter++
			asked, err := virtualwebauthn.ParseAssertionOptions(`{"publicKey":` + string(options) + `}`)
			if err != nil {
				t.Fatal(err)
			}
			return account.FactorTry{Ceremony: token, Credential: json.RawMessage(virtualwebauthn.CreateAssertionResponse(rp, key, cred, *asked))}
		}
		good := answer(admin.Account, admin.Session)
		stranger := w.Hire(t, ws, role.Agent)
		elsewhere, _ := w.Founded(t, "other")
		for what, at := range map[string]account.FactorBound{"another session": {Door: ws, Account: admin.Account, Session: stranger.Session}, "another account": bound(stranger), "another door": {Door: elsewhere, Account: admin.Account, Session: admin.Session}} {
			if _, err := prove(t, w, at, good); err == nil {
				t.Errorf("the answer counts for %s", what)
			}
		}
		if p, err := prove(t, w, bound(admin), good); err != nil || p.Factor != parlatory.Passkey || !p.Verified {
			t.Fatal(p, err)
		}
		if _, err := prove(t, w, bound(admin), good); err == nil {
			t.Error("the answer counts twice")
		}
		late := answer(admin.Account, admin.Session)
		w.Clock.Advance(6 * time.Minute)
		if _, err := prove(t, w, bound(admin), late); err == nil {
			t.Error("the answer counts after five minutes")
		}
		alone := answer(parlatory.AccountID{}, parlatory.SessionID{})
		if p, err := prove(t, w, account.FactorBound{Door: ws}, alone); err != nil || p.Account != admin.Account {
			t.Fatal(p.Account, err)
		}
		foreign := stranger.Account.Raw()
		key.Options.UserHandle = foreign[:]
		if _, err := prove(t, w, account.FactorBound{Door: ws}, answer(parlatory.AccountID{}, parlatory.SessionID{})); err == nil {
			t.Error("a passkey that names another account")
		}
	})
}

// TestEditedFactorDoesNotOpen: a factor that was put on another account, or whose scope was taken off past the program, is none.
func TestEditedFactorDoesNotOpen(t *testing.T) {
	w := domaintest.New(t)
	_, admin := w.Founded(t, "acme")
	_, victim := w.Founded(t, "other")
	secret, _, _ := w.Phone(t, admin, w.MailCode(t, admin, "admin@acme.example"))
	w.Look(parlatory.House, func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE factors SET account = $2 WHERE workspace = $1`, victim.Account)
		return err
	})
	if _, err := prove(t, w, bound(victim), account.FactorTry{Code: domaintest.Code(t, secret, w.Clock.Now())}); err == nil {
		t.Fatal("somebody else's factor opens")
	}
}

// TestFirstFactorsAtOnce: of two first factors that were checked at the same moment one is set up, and the recovery codes that it showed work.
// Red without settled.
//
// ASVS V15.4.2
func TestFirstFactorsAtOnce(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		var both [2]*account.Enrolment
		for i, actor := range []parlatory.Actor{admin, w.SignIn(t, ws, "admin@acme.example", domaintest.Password)} {
			mail := w.MailCode(t, actor, "admin@acme.example")
			token, secret, _, err := w.Account.BeginTOTP(t.Context(), account.EnrollerOf(actor))
			if err != nil {
				t.Fatal(err)
			}
			both[i], err = w.Account.CheckEnrolment(t.Context(), account.EnrollerOf(actor), account.Confirm{Ceremony: token, Code: domaintest.Code(t, secret, w.Clock.Now()), MailCode: mail, Name: "Phone"})
			if err != nil {
				t.Fatal(err)
			}
		}
		permit, err := w.Law.System(domaintest.Raw, ws)
		if err != nil {
			t.Fatal(err)
		}
		var codes []parlatory.Secret
		store := func(n *account.Enrolment) error {
			return w.DB.Write(t.Context(), permit, func(tx *db.Tx) (err error) {
				_, codes, err = n.Store(tx, admin)
				return err
			})
		}
		if err := store(both[0]); err != nil {
			t.Fatal(err)
		}
		shown := codes
		if err := store(both[1]); parlatory.KindOf(err) != parlatory.KindConflict {
			t.Errorf("the second first factor: %v", err)
		}
		if _, err := prove(t, w, bound(admin), account.FactorTry{RecoveryCode: shown[0]}); err != nil {
			t.Errorf("a code that the first showed: %v", err)
		}
	})
}
