package signin

import (
	"time"

	"parlatory"
	"parlatory/internal/domain/security"
	"parlatory/internal/domain/staff"
	"parlatory/internal/domain/workspace"
)

func (s *Room) url(subdomain string) string { return s.o.Workspace.URL(subdomain) }

// signupLetter goes to whatever address somebody typed, before anybody proved anything: so no word of it is theirs but the
// subdomain, which stands in an address of our own (AC-019).
func (s *Room) signupLetter(p pendingSignup, token parlatory.Secret) workspace.Letter {
	return workspace.Letter{
		To:      p.Email,
		Subject: "Confirm your sign-up",
		Paragraphs: []string{
			"Somebody, most likely you, asked for a workspace at " + s.url(p.Subdomain) + "/",
			"Please confirm your e-mail address with this link. You choose your password there; if you have an account here already, you use its password.",
		},
		Action: "Confirm and continue",
		Link:   s.url("") + "/signup/complete#token=" + token.Reveal(),
		After: []string{
			"The link works once, for 24 hours.",
			"If you did not ask for this, please ignore this mail: without the link no workspace and no account is made.",
		},
		From: "Parlatory, " + s.url("") + "/",
	}
}

func (s *Room) welcome(f founder) workspace.Letter {
	url := s.url(f.pending.Subdomain) + "/"
	return workspace.Letter{
		To:       f.pending.Email,
		Subject:  "Your workspace " + f.pending.Company + " is ready",
		Greeting: "Good day " + f.name + ",",
		Paragraphs: []string{
			"The workspace of " + f.pending.Company + " is ready, and you are its administrator.",
			"Please keep this address: you and your colleagues sign in there.",
		},
		Action: "Go to the workspace",
		Link:   url,
		After:  []string{"Next steps: sign in, invite your colleagues, and list the website that will carry the chat."},
		From:   "Parlatory, " + s.url("") + "/",
	}
}

func resetLetter(v workspace.View, to string, token parlatory.Secret) workspace.Letter {
	return workspace.Letter{
		To:      to,
		Subject: "Set a new password for " + v.Company,
		Paragraphs: []string{
			"Somebody, most likely you, asked for a new password for your account at " + v.Company + " (" + v.URL + "/).",
			"You can set it with this link:",
		},
		Action: "Set a new password",
		Link:   v.URL + "/reset#token=" + token.Reveal(),
		After: []string{
			"The link works once, for 30 minutes. The new password holds in every workspace of your account, and all sessions are signed out.",
			"If you did not ask for this, please ignore this mail: your password stays as it is.",
		},
		From: v.Company + ", " + v.URL + "/",
	}
}

// factorLetter goes to those who will have to set a second factor up. The workspace's own words stand apart from ours.
func factorLetter(v workspace.View, to string, p security.FactorPolicy) workspace.Letter {
	kind := "a second factor, such as a passkey or an authenticator app"
	if p.Resistant {
		kind = "a passkey"
	}
	l := workspace.Letter{
		To:      to,
		Subject: v.Company + " now asks for a second factor",
		Paragraphs: []string{
			v.Company + " now asks everybody to sign in with " + kind + ". You have none yet that counts there, so you were signed out.",
			"You can set it up when you sign in the next time; it takes two minutes. Please have your phone at hand, or a device with a fingerprint reader or a face camera.",
		},
		Action: "Sign in",
		Link:   v.URL + "/signin",
		From:   v.Company + ", " + v.URL + "/",
	}
	if p.Message != "" {
		l.Paragraphs = append(l.Paragraphs, "Your administrator writes: "+p.Message)
	}
	return l
}

// openedLetter tells an administrator that the operator opened the door. The reason is the operator's own; one that looks like a web
// address stays in the ledger alone (AC-092).
func openedLetter(v workspace.View, m staff.Member, operator parlatory.Actor, at time.Time, reason string) workspace.Letter {
	l := workspace.Letter{
		To:       m.Email,
		Subject:  "The staff IP list of " + v.Company + " was switched off",
		Greeting: "Good day " + m.Name + ",",
		Paragraphs: []string{
			"The operator of the server switched the staff IP login list of " + v.Company + " off. Staff can now sign in from any address.",
			"When: " + at.UTC().Format("2 January 2006, 15:04 UTC") + " · By: " + operator.Device,
		},
		After: []string{
			"If none of you asked for this, please speak with the operator at once.",
			"When your list is right, switch it on again: sign in at " + v.URL + "/ and open Administration, Security, Service Authentication. The audit log holds this act, with the reason.",
		},
		From: v.Company + ", " + v.URL + "/",
	}
	switch {
	case reason == "":
		l.Paragraphs = append(l.Paragraphs, "No reason was given.")
	case !workspace.Linklike(reason):
		l.Paragraphs = append(l.Paragraphs, "Reason: "+reason)
	}
	return l
}
