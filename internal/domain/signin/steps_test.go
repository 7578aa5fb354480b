package signin_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/security"
	"parlatory/internal/domain/signin"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/storage/db"
)

const ada = "admin@acme.example"

// door changes the policy of second factors past the program's own check of its author.
func door(t *testing.T, w *domaintest.World, admin parlatory.Actor, p security.FactorPolicy) {
	t.Helper()
	admin.Factor, admin.Proved = parlatory.Passkey, w.Clock.Now()
	v, err := w.Security.View(t.Context(), admin)
	if err == nil {
		_, err = w.Security.SetFactor(t.Context(), admin, v.Revision, p)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// owing signs in up to a step that is owed.
func owing(t *testing.T, w *domaintest.World, ws parlatory.WorkspaceID, email, step string, device ...parlatory.Secret) (parlatory.Actor, signin.Result) {
	t.Helper()
	try := signin.Try{Email: email, Password: secret(domaintest.Password)}
	if len(device) > 0 {
		try.Device = device[0]
	}
	r, err := w.Signin.Enter(t.Context(), w.At(ws), try)
	if err != nil || r.Owed != step {
		t.Fatalf("owed %q, want %q: %v", r.Owed, step, err)
	}
	if step == "" {
		return w.Resume(t, ws, r.Token), r
	}
	return half(t, w, ws, r), r
}

func half(t *testing.T, w *domaintest.World, ws parlatory.WorkspaceID, r signin.Result) parlatory.Actor {
	t.Helper()
	actor, err := w.Sessions.Attempt(t.Context(), ws, r.Token.Reveal(), w.At(ws))
	if err != nil {
		t.Fatal(err)
	}
	return actor
}

func code(t *testing.T, w *domaintest.World, app parlatory.Secret) signin.FactorTry {
	t.Helper()
	return signin.FactorTry{FactorTry: account.FactorTry{Code: domaintest.Code(t, app, w.Clock.Now())}}
}

// enrolled sets an app up in the step that owes it.
func enrolled(t *testing.T, w *domaintest.World, actor parlatory.Actor, mail parlatory.Secret) (signin.Result, parlatory.Secret, []parlatory.Secret, error) {
	t.Helper()
	ceremony, app, _, err := w.Signin.BeginTOTP(t.Context(), actor)
	if err != nil {
		t.Fatal(err)
	}
	r, codes, err := w.Signin.Enrol(t.Context(), actor, account.Confirm{Ceremony: ceremony, Code: domaintest.Code(t, app, w.Clock.Now()), MailCode: mail, Name: "Phone"})
	return r, app, codes, err
}

// TestStepsInOrder: factor, enrolment, password, agreement: none is skipped, paid before its turn, or paid twice.
//
// ASVS V6.3.3, V6.3.4, V8.3.1
func TestStepsInOrder(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		first := invited(t, w, ws, admin, "bob@acme.example")
		door(t, w, admin, security.FactorPolicy{Required: true, Message: "From Monday on."})
		set(t, w, as(admin, w), security.PasswordPolicy{MinLength: len(domaintest.Password) + 10}, security.LockoutPolicy{Ends: security.EndsByTime, Minutes: 15})
		bob := half(t, w, ws, first) // owed the agreement alone when it began
		if _, err := w.Signin.Agree(t.Context(), bob, workspace.Version, workspace.Version); parlatory.KindOf(err) != parlatory.KindConflict {
			t.Fatalf("the agreement before the factor that is owed by now: %v", err)
		}
		if owed, ask, err := w.Signin.Owed(t.Context(), bob); err != nil || owed != signin.StepEnrol || ask.Message != "From Monday on." || !ask.MailCode {
			t.Fatalf("owed %q %+v %v", owed, ask, err)
		}
		if _, err := w.Signin.PayFactor(t.Context(), bob, signin.FactorTry{FactorTry: account.FactorTry{Code: secret("123456")}}); parlatory.KindOf(err) != parlatory.KindConflict {
			t.Fatalf("a factor where none is: %v", err)
		}
		if _, _, _, err := enrolled(t, w, bob, secret("")); parlatory.KindOf(err) != parlatory.KindInvalid {
			t.Fatalf("a first factor without the mailed code: %v", err)
		}
		if err := w.Signin.MailCode(t.Context(), bob); err != nil {
			t.Fatal(err)
		}
		r, app, codes, err := enrolled(t, w, bob, w.MailedCode(t, "bob@acme.example"))
		if err != nil || r.Owed != signin.StepPassword || len(codes) != 10 {
			t.Fatalf("owed %q, %d codes: %v", r.Owed, len(codes), err)
		}
		if _, err := w.Sessions.Attempt(t.Context(), ws, first.Token.Reveal(), w.At(ws)); err == nil {
			t.Fatal("the token of before the step lives")
		}
		bob = half(t, w, ws, r)
		if _, _, _, err := w.Signin.BeginTOTP(t.Context(), bob); parlatory.KindOf(err) != parlatory.KindConflict {
			t.Fatalf("the enrolment a second time: %v", err)
		}
		if _, err := w.Signin.NewPassword(t.Context(), bob, secret("short but long")); parlatory.KindOf(err) != parlatory.KindInvalid {
			t.Fatalf("a password that is too short: %v", err)
		}
		long := domaintest.Password + " and ten more"
		if r, err = w.Signin.NewPassword(t.Context(), bob, secret(long)); err != nil || r.Owed != signin.StepAgreement {
			t.Fatalf("owed %q: %v", r.Owed, err)
		}
		r = w.Agreed(t, ws, r)
		if a := lives(t, w, ws, r.Token, "after all steps"); a.Factor != parlatory.TOTP {
			t.Fatalf("factor %q", a.Factor)
		}
		w.Clock.Advance(time.Minute)
		r, err = w.Signin.Enter(t.Context(), w.At(ws), signin.Try{Email: "bob@acme.example", Password: secret(long)})
		if err != nil || r.Owed != signin.StepFactor {
			t.Fatalf("owed %q: %v", r.Owed, err)
		}
		if r, err = w.Signin.PayFactor(t.Context(), half(t, w, ws, r), code(t, w, app)); err != nil || r.Owed != "" {
			t.Fatalf("owed %q: %v", r.Owed, err)
		}
	})
}

// as is an administrator who came in with a factor and has just proved it.
func as(admin parlatory.Actor, w *domaintest.World) parlatory.Actor {
	admin.Factor, admin.Proved, admin.ProvedBy = parlatory.Passkey, w.Clock.Now(), parlatory.ByFactor
	return admin
}

// TestRecoveryIsNoPasskey: a recovery code pays the factor; where passkeys alone count, one has to be set up all the same, and a code of
// the app is no way in.
//
// ASVS V6.3.4, V6.5.6
func TestRecoveryIsNoPasskey(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	app, codes, _ := w.Phone(t, admin, w.MailCode(t, admin, ada))
	bob, _ := owing(t, w, ws, ada, signin.StepFactor)
	r, err := w.Signin.PayFactor(t.Context(), bob, signin.FactorTry{FactorTry: account.FactorTry{RecoveryCode: codes[0]}, Trust: true})
	if err != nil || r.Owed != "" {
		t.Fatalf("owed %q: %v", r.Owed, err)
	}
	if n := w.Count(parlatory.House, "trusts", ""); n != 0 {
		t.Fatal("a recovery code made a device trusted")
	}
	door(t, w, admin, security.FactorPolicy{Required: true, Resistant: true})
	dead(t, w, ws, r.Token, "a session by a recovery code, where passkeys count")
	bob, _ = owing(t, w, ws, ada, signin.StepFactor)
	if r, err = w.Signin.PayFactor(t.Context(), bob, signin.FactorTry{FactorTry: account.FactorTry{RecoveryCode: codes[1]}}); err != nil || r.Owed != signin.StepEnrol {
		t.Fatalf("owed %q: %v", r.Owed, err)
	}
	bob, _ = owing(t, w, ws, ada, signin.StepFactor)
	if r, err = w.Signin.PayFactor(t.Context(), bob, code(t, w, app)); err != nil || r.Owed != signin.StepEnrol {
		t.Fatalf("by the app: owed %q: %v", r.Owed, err)
	}
	w.Clock.Advance(time.Minute)
	if r, _, _, err = enrolled(t, w, half(t, w, ws, r), secret("")); err != nil || r.Owed != signin.StepEnrol {
		t.Fatalf("one app more is no passkey: owed %q: %v", r.Owed, err)
	}
}

// TestAC_031_StepUpByTheFactorThatThereIs: where a second factor counts, the password proves too little before a sensitive act; a
// recovery code does, once, and is told. Red where enough() lets the password pass.
//
// ASVS V7.5.1, V7.5.3, V7.2.4
func TestAC_031_StepUpByTheFactorThatThereIs(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		old := w.Tokens[admin.Session]
		token, err := w.Signin.StepUp(t.Context(), admin, signin.StepUp{Password: secret(domaintest.Password)})
		if err != nil {
			t.Fatalf("the password where there is no factor: %v", err)
		}
		dead(t, w, ws, old, "the token of before the step-up")
		admin = lives(t, w, ws, token, "step-up")
		app, codes, _ := w.Phone(t, admin, w.MailCode(t, admin, ada))
		for what, try := range map[string]signin.StepUp{
			"the password":         {Password: secret(domaintest.Password)},
			"a wrong code":         {FactorTry: account.FactorTry{Code: secret("000000")}},
			"nothing":              {},
			"password, wrong code": {Password: secret(domaintest.Password), FactorTry: account.FactorTry{Code: secret("000000")}},
		} {
			if _, err := w.Signin.StepUp(t.Context(), admin, try); parlatory.KindOf(err) != parlatory.KindInvalid {
				t.Errorf("%s: %v", what, err)
			}
		}
		try := signin.StepUp{FactorTry: code(t, w, app).FactorTry}
		if token, err = w.Signin.StepUp(t.Context(), admin, try); err != nil {
			t.Fatal(err)
		}
		if _, err = w.Signin.StepUp(t.Context(), admin, try); err == nil {
			t.Error("a code proved twice")
		}
		admin = lives(t, w, ws, token, "step-up by code")
		try = signin.StepUp{FactorTry: account.FactorTry{RecoveryCode: codes[3]}}
		if _, err = w.Signin.StepUp(t.Context(), admin, try); err != nil {
			t.Fatal(err)
		}
		if _, err = w.Signin.StepUp(t.Context(), admin, try); err == nil {
			t.Error("a recovery code proved twice")
		}
		w.Deliver()
		if n := w.Mail.Count(ada, string(account.NoticeRecoveryUsed)); n != 1 {
			t.Errorf("%d letters about the recovery code", n)
		}
	})
}

// TestAC_031_FirstFactorEndsOtherSessions: whoever was in before the owner set up a factor is out, and a change of factors asks for a
// proof that is five minutes old at most. Red without endOthers in Store; without permitFactor.
//
// ASVS V7.4.3, V7.5.1
func TestAC_031_FirstFactorEndsOtherSessions(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	thief := w.SignIn(t, ws, ada, domaintest.Password)
	_, _, info := w.Phone(t, admin, w.MailCode(t, admin, ada))
	dead(t, w, ws, w.Tokens[thief.Session], "a session of before the first factor")
	lives(t, w, ws, w.Tokens[admin.Session], "the own one")
	late := as(admin, w)
	late.Proved = w.Clock.Now().Add(-5 * time.Minute)
	if _, err := w.Account.RemoveFactor(t.Context(), late, info.ID); parlatory.KindOf(err) != parlatory.KindStepUp {
		t.Errorf("a proof of five minutes ago: %v", err)
	}
	late.Proved = late.Proved.Add(time.Second)
	if _, err := w.Account.RemoveFactor(t.Context(), late, info.ID); err != nil {
		t.Error(err)
	}
}

// TestTrustedDevice: a device spares the factor for as long as the workspace says, at its door alone; before a sensitive act the factor is
// asked for all the same.
//
// ASVS V6.3.3
func TestTrustedDevice(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		door(t, w, admin, security.FactorPolicy{TrustDays: 7})
		app, _, _ := w.Phone(t, admin, w.MailCode(t, admin, ada))
		trust := func() parlatory.Secret {
			t.Helper()
			w.Clock.Advance(time.Minute)
			bob, _ := owing(t, w, ws, ada, signin.StepFactor)
			try := code(t, w, app)
			try.Trust = true
			r, err := w.Signin.PayFactor(t.Context(), bob, try)
			if err != nil || r.Owed != "" || r.Device.Empty() {
				t.Fatalf("owed %q: %v", r.Owed, err)
			}
			return r.Device
		}
		device := trust()
		_, r := owing(t, w, ws, ada, "", device)
		in := lives(t, w, ws, r.Token, "on the trusted device")
		if in.Factor != parlatory.TOTP {
			t.Errorf("factor %q", in.Factor)
		}
		if err := w.Account.MayFactor(t.Context(), in); parlatory.KindOf(err) != parlatory.KindStepUp {
			t.Errorf("a trusted device changes factors without one: %v", err)
		}
		door(t, w, admin, security.FactorPolicy{})
		owing(t, w, ws, ada, signin.StepFactor, device)
		door(t, w, admin, security.FactorPolicy{TrustDays: 7})
		for _, c := range []struct {
			what string
			end  func() error
		}{ // the sign-out ends the session by which the password is changed
			{"a change of password", func() error {
				_, err := w.Account.ChangePassword(t.Context(), as(admin, w), account.PasswordChange{Current: secret(domaintest.Password), New: secret("orchard 4 gliding kettles")})
				if err == nil {
					w.Clock.Advance(time.Second)
					_, err = w.Account.ChangePassword(t.Context(), as(admin, w), account.PasswordChange{Current: secret("orchard 4 gliding kettles"), New: secret(domaintest.Password)})
				}
				return err
			}},
			{"sign-out by an administrator", func() error {
				return w.Signin.SignOut(t.Context(), as(w.Hire(t, ws, role.Administrator), w), admin.Staff)
			}},
			{"seven days", func() error { w.Clock.Advance(7 * 24 * time.Hour); return nil }},
		} {
			device := trust()
			if err := c.end(); err != nil {
				t.Fatalf("%s: %v", c.what, err)
			}
			owing(t, w, ws, ada, signin.StepFactor, device)
		}
	})
}

// TestAC_029_FactorIsTheAccounts: whatever the spelling of the address, and at whichever door, the account's factor is owed: it hangs on
// the account and not on what was typed. Red where FactorsAt is asked for anything but the account's id.
//
// ASVS V6.3.3
func TestAC_029_FactorIsTheAccounts(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	other, _ := w.Founded(t, "other")
	join(t, w, other, "admin@other.example", ada)
	w.Phone(t, admin, w.MailCode(t, admin, ada))
	const spellings = 3 // the first ones are the address, in any capitals
	for i, typed := range []string{ada, "ADMIN@acme.example", "Admin@ACME.Example", " admin@acme.example ", "\uff41dmin@acme.example"} {
		for _, at := range []parlatory.WorkspaceID{ws, other} {
			r, err := w.Signin.Enter(t.Context(), w.At(at), signin.Try{Email: typed, Password: secret(domaintest.Password)})
			// Forms that are no spelling of the address may be refused; what is one must be asked for the factor.
			if err == nil && r.Owed != signin.StepFactor || err != nil && i < spellings {
				t.Errorf("%q: owed %q: %v", typed, r.Owed, err)
			}
		}
	}
}

// TestAC_035_NothingToTireOut: no act sends anything to a second device that could be confirmed there, a code by mail is no factor, and
// the letters that a stranger with the password can cause are bounded.
//
// ASVS V6.3.6
func TestAC_035_NothingToTireOut(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	w.Phone(t, admin, w.MailCode(t, admin, ada))
	w.Deliver()
	before := len(w.Mail.To(ada))
	for range 50 {
		thief, _ := owing(t, w, ws, ada, signin.StepFactor)
		if err := w.Signin.MailCode(t.Context(), thief); parlatory.KindOf(err) != parlatory.KindConflict {
			t.Fatalf("a mailed code where a factor is owed: %v", err)
		}
	}
	w.Deliver()
	if n := len(w.Mail.To(ada)) - before; n > 0 {
		t.Errorf("%d letters by fifty sign-ins that gave no factor", n)
	}
	for _, act := range w.Catalogue.All() {
		if strings.Contains(act.Name, "push") || strings.Contains(act.Name, "approve") {
			t.Errorf("an act %s", act.Name)
		}
	}
}

// TestResetInTheOnlyWorkspace: an administrator's reset in the account's only workspace takes the factors away, and the next is a first
// one with recovery codes; one who is elsewhere too keeps what counts there.
//
// ASVS V6.4.4
func TestResetInTheOnlyWorkspace(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		bob, email := w.HireAs(t, ws, role.Agent)
		w.Phone(t, bob, w.MailCode(t, bob, email))
		reset := func() {
			t.Helper()
			if err := w.Signin.ResetFactor(t.Context(), as(admin, w), bob.Staff, "lost the phone"); err != nil {
				t.Fatal(err)
			}
		}
		reset()
		if n := w.Count(parlatory.House, "factors", "account = $2", bob.Account) + w.Count(parlatory.House, "recovery_codes", "account = $2", bob.Account); n != 0 {
			t.Fatalf("%d rows are left", n)
		}
		bob = w.SignIn(t, ws, email, domaintest.Password)
		_, codes, info := w.Phone(t, bob, w.MailCode(t, bob, email))
		if len(codes) != 10 || info.HereOnly {
			t.Fatalf("%d codes, %+v", len(codes), info)
		}
		other, _ := w.Founded(t, "other")
		if _, err := w.Staff.Invite(t.Context(), w.SignIn(t, other, "admin@other.example", domaintest.Password), email, "", role.Agent); err != nil {
			t.Fatal(err)
		}
		r, err := w.Signin.Enter(t.Context(), w.At(other), signin.Try{Email: email, Password: secret(domaintest.Password), Invitation: w.Link(email)})
		if err != nil || r.Owed != signin.StepFactor {
			t.Fatalf("owed %q: %v", r.Owed, err)
		}
		if r, err = w.Signin.PayFactor(t.Context(), half(t, w, other, r), signin.FactorTry{FactorTry: account.FactorTry{RecoveryCode: codes[0]}}); err != nil {
			t.Fatal(err)
		}
		_ = w.Agreed(t, other, r)
		reset()
		owing(t, w, other, email, signin.StepFactor)
		owing(t, w, ws, email, "")
	})
}

// TestRacesOfTheSteps: what takes a right away and what uses it at the same moment: afterwards there is no session that the loser holds.
//
// ASVS V7.4.1, V15.4.2
func TestRacesOfTheSteps(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		for range 3 {
			t.Run("step-up and suspension", func(t *testing.T) {
				bob := w.Hire(t, ws, role.Agent)
				var token parlatory.Secret
				together(
					func() {
						token, _ = w.Signin.StepUp(t.Context(), bob, signin.StepUp{Password: secret(domaintest.Password)})
					},
					func() {
						if _, err := w.Staff.Suspend(t.Context(), as(admin, w), bob.Staff); err != nil {
							t.Error(err)
						}
					})
				dead(t, w, ws, w.Tokens[bob.Session], "the old token")
				if !token.Empty() {
					dead(t, w, ws, token, "the token of the step-up")
				}
			})
			t.Run("enrolment and reset", func(t *testing.T) {
				bob, email := w.HireAs(t, ws, role.Agent)
				mail := w.MailCode(t, bob, email)
				ceremony, app, _, err := w.Account.BeginTOTP(t.Context(), account.EnrollerOf(bob))
				if err != nil {
					t.Fatal(err)
				}
				var added error
				together(
					func() {
						_, _, added = w.Account.AddFactor(t.Context(), bob, account.Confirm{Ceremony: ceremony, Code: domaintest.Code(t, app, w.Clock.Now()), MailCode: mail, Name: "Phone"})
					},
					func() {
						if err := w.Signin.ResetFactor(t.Context(), as(admin, w), bob.Staff, "lost"); err != nil {
							t.Error(err)
						}
					})
				dead(t, w, ws, w.Tokens[bob.Session], "the session of before the reset")
				var st account.FactorState
				w.Look(ws, func(tx *db.Tx) error { st, err = w.Account.FactorsAt(tx, bob.Account); return err })
				if added != nil && st.Any() {
					t.Errorf("refused (%v), and there all the same", added)
				}
			})
			t.Run("ending the others and a sign-in", func(t *testing.T) {
				bob, email := w.HireAs(t, ws, role.Agent)
				var r signin.Result
				var in error
				together(
					func() {
						r, in = w.Signin.Enter(t.Context(), w.At(ws), signin.Try{Email: email, Password: secret(domaintest.Password)})
					},
					func() {
						if _, err := w.Account.ChangePassword(t.Context(), as(bob, w), account.PasswordChange{Current: secret(domaintest.Password), New: secret("orchard 4 gliding kettles")}); err != nil {
							t.Error(err)
						}
					})
				if in == nil && r.Owed == "" {
					dead(t, w, ws, r.Token, "a session by the old password, after it was changed")
				} else if in == nil {
					if _, err := w.Sessions.Attempt(t.Context(), ws, r.Token.Reveal(), w.At(ws)); err == nil {
						t.Error("a half session by the old password lives")
					}
				}
			})
		}
	})
}

// TestQuestionsOfOneSource: whoever looks at the sign-in page again and again makes us keep so many questions, and no more; others are
// not kept from theirs.
//
// ASVS V2.4.1
func TestQuestionsOfOneSource(t *testing.T) {
	w := domaintest.Make(t, domaintest.Setup{Signin: signin.Limits{PasskeySource: 5}})
	ws, _ := w.Founded(t, "acme")
	for n := range 8 {
		_, _, err := w.Signin.BeginAlone(t.Context(), w.At(ws, "192.0.2.7"))
		if got, want := parlatory.KindOf(err) == parlatory.KindTooMany, n >= 5; got != want {
			t.Errorf("question %d: %v", n+1, err)
		}
	}
	if n := w.Count(parlatory.House, "ceremonies", ""); n != 5 {
		t.Errorf("%d rows", n)
	}
	if _, _, err := w.Signin.BeginAlone(t.Context(), w.At(ws, "192.0.2.8")); err != nil {
		t.Error(err)
	}
}

// TestQuestionGivenBack: who signs in by a passkey has used the question: an office behind one address is not kept out by its own sign-ins.
func TestQuestionGivenBack(t *testing.T) {
	w := domaintest.Make(t, domaintest.Setup{Signin: signin.Limits{PasskeySource: 3}})
	ws, admin := w.Founded(t, "acme")
	rp := virtualwebauthn.RelyingParty{ID: domaintest.Domain, Name: "Company acme", Origin: "https://acme." + domaintest.Domain}
	handle := admin.Account.Raw()
	key := virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: handle[:]})
	cred := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	token, options, err := w.Account.BeginEnrolPasskey(t.Context(), account.EnrollerOf(admin))
	if err != nil {
		t.Fatal(err)
	}
	made, err := virtualwebauthn.ParseAttestationOptions(`{"publicKey":` + string(options) + `}`)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = w.Account.AddFactor(t.Context(), as(admin, w), account.Confirm{Ceremony: token, Name: "Key", MailCode: w.MailCode(t, admin, "admin@acme.example"),
		Credential: json.RawMessage(virtualwebauthn.CreateAttestationResponse(rp, key, cred, *made))})
	if err != nil {
		t.Fatal(err)
	}
	office := w.At(ws, "192.0.2.7")
	for n := range 8 {
		token, options, err := w.Signin.BeginAlone(t.Context(), office)
		if err != nil {
			t.Fatalf("sign-in %d: %v", n+1, err)
		}
		asked, err := virtualwebauthn.ParseAssertionOptions(`{"publicKey":` + string(options) + `}`)
		if err != nil {
			t.Fatal(err)
		}
		cred.Counter++
		_, err = w.Signin.EnterByPasskey(t.Context(), office, signin.AloneTry{Ceremony: token, Credential: json.RawMessage(virtualwebauthn.CreateAssertionResponse(rp, key, cred, *asked))})
		if err != nil {
			t.Fatalf("sign-in %d: %v", n+1, err)
		}
	}
	for n := range 4 { // looks without a sign-in count
		if _, _, err := w.Signin.BeginAlone(t.Context(), office); (parlatory.KindOf(err) == parlatory.KindTooMany) != (n >= 3) {
			t.Errorf("look %d: %v", n+1, err)
		}
	}
}

func together(do ...func()) {
	var wg sync.WaitGroup
	for _, f := range do {
		wg.Go(f)
	}
	wg.Wait()
}
