package account

import (
	"time"

	"parlatory"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// Notice is a security event that a person is told of by mail. Only NoticeDevice can be switched off.
type Notice string

// The notices.
const (
	NoticePassword      Notice = "Your password was changed"
	NoticeDevice        Notice = "Sign-in from a new device"
	NoticeFactorAdded   Notice = "A second factor was added"
	NoticeFactorRemoved Notice = "A second factor was removed"
	NoticeFactorReset   Notice = "Your second factor was reset"
	NoticeRecoveryUsed  Notice = "A recovery code was used"
	NoticeRecoveryMade  Notice = "New recovery codes were made"
	NoticeSignedOut     Notice = "You were signed out"
	NoticeRecovered     Notice = "Your account was recovered"
	NoticeToken         Notice = "An API token was made"

	noticeExpiry Notice = "Your password expires soon"
	noticeLocked Notice = "Wrong passwords for your account"
)

const (
	letterTime = "2 January 2006, 15:04 UTC"
	letterDay  = "2 January 2006"
	warnBefore = 7 * 24 * time.Hour
)

var noticed = map[Notice]string{
	NoticePassword:      "The password of your account was changed, and all other sessions were signed out.",
	NoticeDevice:        "Somebody signed in to your account on a browser that it did not know.",
	NoticeFactorAdded:   "A second factor was added to your account.",
	NoticeFactorRemoved: "A second factor was removed from your account.",
	NoticeFactorReset:   "An administrator reset your second factor for this workspace. You are asked for a new one at the next sign-in.",
	NoticeRecoveryUsed:  "A recovery code of your account was used in place of the second factor. It does not work again.",
	NoticeRecoveryMade:  "New recovery codes were made for your account. The old ones do not work any more.",
	NoticeSignedOut:     "An administrator ended your sessions in this workspace.",
	NoticeRecovered:     "The operator of the server recovered your account: second factors and sessions are gone, and you set a new password by a mailed link.",
	NoticeToken:         "An API token was made that works in your name.",
	noticeExpiry:        "This workspace asks for a new password from time to time. Yours is accepted here for a few days more.",
}

// Notify puts the letter of a security event into the outbox. It names what happened, when, and from where; details are short words
// of the caller's, none of them a stranger's. Its one address is the workspace's own (AC-092).
func (a *Room) Notify(tx *db.Tx, settings *vault.Held, v workspace.View, acc Account, kind Notice, from parlatory.Actor, details ...string) error {
	mail, err := notice(v, acc.Email, kind, from, tx.Now(), details...).Mail()
	if err != nil {
		return err
	}
	return a.o.Workspace.Outbox().Put(tx, settings, mail)
}

func notice(v workspace.View, to string, kind Notice, from parlatory.Actor, at time.Time, details ...string) workspace.Letter {
	l := workspace.Letter{To: to, Subject: string(kind), Paragraphs: []string{noticed[kind]}, From: v.Company + ", " + v.URL + "/"}
	if kind == noticeExpiry {
		l.Paragraphs = append(l.Paragraphs, "Last day: "+details[0])
		l.After = []string{"Please choose a new one under My Account when you are signed in at " + v.URL + "/. This mail asks for nothing else, and no link in any mail does."}
		return l
	}
	facts := "When: " + at.UTC().Format(letterTime)
	if o := originOf(from); o.Address != "" {
		facts += " · From: " + o.Address + ", " + Agent(o.Agent)
	}
	l.Paragraphs = append(l.Paragraphs, facts)
	for _, d := range details {
		if !workspace.Linklike(d) {
			l.Paragraphs = append(l.Paragraphs, d)
		}
	}
	l.After = []string{"If this was you, there is nothing to do.",
		"If it was not, please tell your administrator at once, and set a new password with \"Forgotten password\" on the sign-in page: " + v.URL + "/"}
	return l
}

// lockLetter names no workspace: at whose door a stranger tried is nothing that the owner has to do with.
func lockLetter(url, to, address string, at time.Time) workspace.Letter {
	return workspace.Letter{
		To: to, Subject: string(noticeLocked),
		Paragraphs: []string{
			"There were too many tries to sign in to your account with a wrong password, so further ones are refused for a while.",
			"When: " + at.UTC().Format(letterTime) + " · Last from: " + address,
		},
		After: []string{
			"If this was you, please wait, or set a new password with \"Forgotten password\" on your sign-in page, which ends the lock.",
			"If it was not, there is nothing to do: nobody came in. Browsers on which you have signed in before work as always.",
			"You hear of this once a day at most.",
		},
		From: "Parlatory, " + url + "/",
	}
}
