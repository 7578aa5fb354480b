package signin_test

import (
	"encoding/json"
	"net/netip"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/security"
	"parlatory/internal/domain/signin"
	"parlatory/internal/guard/policy"
	"parlatory/internal/storage/db"
)

// passkey is somebody's authenticator with one passkey on it.
type passkey struct {
	w      *domaintest.World
	device virtualwebauthn.Authenticator
	key    virtualwebauthn.Credential
}

func (k *passkey) party(sub string) virtualwebauthn.RelyingParty {
	return virtualwebauthn.RelyingParty{ID: domaintest.Domain, Origin: "https://" + sub + "." + domaintest.Domain}
}

// withPasskey sets one up in My Account, at the door of sub.
func withPasskey(t *testing.T, w *domaintest.World, actor parlatory.Actor, sub, email string) *passkey {
	t.Helper()
	handle := actor.Account.Raw()
	k := &passkey{w: w, key: virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)}
	k.device = virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: handle[:]})
	ceremony, options, err := w.Account.BeginEnrolPasskey(t.Context(), account.EnrollerOf(actor))
	if err != nil {
		t.Fatal(err)
	}
	asked, err := virtualwebauthn.ParseAttestationOptions(`{"publicKey":` + string(options) + `}`)
	if err != nil {
		t.Fatal(err)
	}
	made := json.RawMessage(virtualwebauthn.CreateAttestationResponse(k.party(sub), k.device, k.key, *asked))
	actor.Proved = w.Clock.Now()
	if _, _, err := w.Account.AddFactor(t.Context(), actor, account.Confirm{Ceremony: ceremony, Credential: made, MailCode: w.MailCode(t, actor, email), Name: "Key"}); err != nil {
		t.Fatal(err)
	}
	return k
}

// sign answers a question. The count stays at nothing, as that of a passkey does which is copied between somebody's devices, so that it
// keeps no answer from being given twice.
func (k *passkey) sign(t *testing.T, sub string, options json.RawMessage) json.RawMessage {
	t.Helper()
	asked, err := virtualwebauthn.ParseAssertionOptions(`{"publicKey":` + string(options) + `}`)
	if err != nil {
		t.Fatal(err)
	}
	return json.RawMessage(virtualwebauthn.CreateAssertionResponse(k.party(sub), k.device, k.key, *asked))
}

// asked looks at the sign-in page of a door and answers its question.
func (k *passkey) asked(t *testing.T, ws parlatory.WorkspaceID, sub string) signin.AloneTry {
	t.Helper()
	ceremony, options, err := k.w.Signin.BeginAlone(t.Context(), k.w.At(ws))
	if err != nil {
		t.Fatal(err)
	}
	return signin.AloneTry{Ceremony: ceremony, Credential: k.sign(t, sub, options)}
}

// noPasskey checks for the one answer to a passkey that leads nowhere, and that the ledger of the door has just one entry more.
func noPasskey(t *testing.T, w *domaintest.World, from parlatory.Actor, try signin.AloneTry, what string) {
	t.Helper()
	count := func(table string) int { return w.Count(parlatory.House, table, "door = $2", from.Workspace) }
	entries, sessions, halves := w.Count(from.Workspace, "ledger_entries", "action = 'Failed'"), count("sessions"), count("attempts")
	r, err := w.Signin.EnterByPasskey(t.Context(), from, try)
	if err == nil || err.Error() != "unauthenticated: This passkey can't be used to sign in here." {
		t.Errorf("%s: owed %q, %v", what, r.Owed, err)
	}
	if !r.Token.Empty() || count("sessions") != sessions || count("attempts") != halves {
		t.Errorf("%s: a session or half a session is left", what)
	}
	if n := w.Count(from.Workspace, "ledger_entries", "action = 'Failed'") - entries; n != 1 {
		t.Errorf("%s: %d entries", what, n)
	}
}

// TestPasskeyAlone: a passkey that verifies its user is password and factor in one: a full session, at once, with what a phishing-resistant
// door asks for; and a password that is too old is not owed with it, since none was given. It is an owed step again with the password.
//
// ASVS V6.3.3, V6.7.2
func TestPasskeyAlone(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		bob, email := w.HireAs(t, ws, role.Agent)
		k := withPasskey(t, w, bob, "acme", email)
		r, err := w.Signin.EnterByPasskey(t.Context(), w.At(ws), k.asked(t, ws, "acme"))
		if err != nil || r.Owed != "" || r.Device.Empty() {
			t.Fatalf("owed %q: %v", r.Owed, err)
		}
		in := lives(t, w, ws, r.Token, "by a passkey alone")
		if in.Account != bob.Account || in.Staff != bob.Staff || in.Role != role.Agent || in.Factor != parlatory.Passkey || w.Clock.Now().Sub(in.Proved) > time.Minute {
			t.Errorf("%+v", in)
		}
		if err := w.Account.MayFactor(t.Context(), in); err != nil {
			t.Errorf("who just gave a passkey has proved enough for a sensitive act: %v", err)
		}

		door(t, w, admin, security.FactorPolicy{Required: true, Resistant: true})
		set(t, w, as(admin, w), security.PasswordPolicy{MaxAgeDays: 30}, security.LockoutPolicy{Ends: security.EndsByTime, Minutes: 15})
		w.Clock.Advance(31 * 24 * time.Hour)
		if r, err = w.Signin.EnterByPasskey(t.Context(), w.At(ws), k.asked(t, ws, "acme")); err != nil || r.Owed != "" {
			t.Fatalf("with a password that is too old: owed %q: %v", r.Owed, err)
		}
		if _, err := w.Staff.Me(t.Context(), lives(t, w, ws, r.Token, "at a door for passkeys")); err != nil {
			t.Errorf("the gate: %v", err)
		}
		half, _ := owing(t, w, ws, email, signin.StepFactor)
		ceremony, options, err := w.Signin.BeginFactor(t.Context(), half)
		if err != nil {
			t.Fatal(err)
		}
		r, err = w.Signin.PayFactor(t.Context(), half, signin.FactorTry{FactorTry: account.FactorTry{Ceremony: ceremony, Credential: k.sign(t, "acme", options)}})
		if err != nil || r.Owed != signin.StepPassword {
			t.Errorf("the same passkey behind the old password: owed %q: %v", r.Owed, err)
		}

		// An invitation is redeemed by it as by a password, and the agreement is owed all the same.
		other, _ := w.Founded(t, "other")
		if _, err := w.Staff.Invite(t.Context(), w.SignIn(t, other, "admin@other.example", domaintest.Password), email, "", role.Agent); err != nil {
			t.Fatal(err)
		}
		w.Look(parlatory.House, func(tx *db.Tx) error { // as if a new version were in force
			_, err := tx.Exec(`DELETE FROM agreements WHERE workspace = $1`)
			return err
		})
		try := k.asked(t, other, "other")
		try.Invitation = w.Link(email)
		if r, err = w.Signin.EnterByPasskey(t.Context(), w.At(other), try); err != nil || r.Owed != signin.StepAgreement {
			t.Fatalf("by an invitation: owed %q: %v", r.Owed, err)
		}
		dead(t, w, other, r.Token, "half a session")
		if in = lives(t, w, other, w.Agreed(t, other, r).Token, "agreed"); in.Account != bob.Account || in.Workspace != other {
			t.Errorf("%+v", in)
		}
	})
}

// TestAC_034_PasskeyAloneRefused: who can't come in by a passkey alone reads one sentence, whatever it is for, leaves one entry, and no
// session. Each line was seen red with its defence off (test/abuse/README.md).
//
// ASVS V6.3.4, V6.3.8, V6.7.2
func TestAC_034_PasskeyAloneRefused(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		other, _ := w.Founded(t, "other")
		bob, email := w.HireAs(t, ws, role.Agent)
		k := withPasskey(t, w, bob, "acme", email)

		lazy := *k
		lazy.device.Options.UserNotVerified = true
		noPasskey(t, w, w.At(ws), lazy.asked(t, ws, "acme"), "the user is not verified")

		try := k.asked(t, ws, "acme")
		if _, err := w.Signin.EnterByPasskey(t.Context(), w.At(ws), try); err != nil {
			t.Fatal(err)
		}
		noPasskey(t, w, w.At(ws), try, "the same answer again")
		replayed := k.asked(t, ws, "acme")
		replayed.Credential = try.Credential
		noPasskey(t, w, w.At(ws), replayed, "the same answer to another question")
		try = k.asked(t, ws, "acme")
		if n := atOnce(t, 20, func() error { _, err := w.Signin.EnterByPasskey(t.Context(), w.At(ws), try); return err }); n != 1 {
			t.Errorf("one answer, twenty times at once, made %d sessions", n)
		}
		late := k.asked(t, ws, "acme")
		w.Clock.Advance(6 * time.Minute)
		noPasskey(t, w, w.At(ws), late, "an answer after five minutes")

		noPasskey(t, w, w.At(other), k.asked(t, other, "other"), "a door where the person is no member")
		noPasskey(t, w, w.At(other), k.asked(t, ws, "acme"), "another door's question")
		noPasskey(t, w, w.At(ws), k.asked(t, ws, "other"), "a page of another door")

		n, err := policy.ParseNetwork("10.0.0.0/8")
		if err == nil {
			_, err = w.Security.Add(t.Context(), as(admin, w), security.Entry{List: security.StaffList, Network: n})
		}
		if err == nil {
			err = w.Security.SetStaffMode(t.Context(), as(admin, w), security.Off, security.On)
		}
		if err != nil {
			t.Fatal(err)
		}
		noPasskey(t, w, w.At(ws, "203.0.113.5"), k.asked(t, ws, "acme"), "an address that is not on the list")
		outside := w.At(ws)
		outside.Address = netip.MustParseAddr("::ffff:203.0.113.5")
		noPasskey(t, w, outside, k.asked(t, ws, "acme"), "the same address in its other form")
		if _, err := w.Signin.EnterByPasskey(t.Context(), w.At(ws), k.asked(t, ws, "acme")); err != nil {
			t.Errorf("an address that is on the list: %v", err)
		}

		before := k.asked(t, ws, "acme")
		if _, err := w.Staff.Suspend(t.Context(), as(admin, w), bob.Staff); err != nil {
			t.Fatal(err)
		}
		noPasskey(t, w, w.At(ws), before, "suspended between question and answer")
		noPasskey(t, w, w.At(ws), k.asked(t, ws, "acme"), "a suspended member's")
		if _, err := w.Staff.Reactivate(t.Context(), as(admin, w), bob.Staff); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Signin.EnterByPasskey(t.Context(), w.At(ws), k.asked(t, ws, "acme")); err != nil {
			t.Errorf("reactivated: %v", err)
		}
	})
}
