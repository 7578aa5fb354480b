package signin

import (
	"parlatory"
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
		After:  []string{"Next steps: sign in, invite your colleagues, and list the website that shall carry the chat."},
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
		From: v.Company + ", " + v.URL,
	}
}
