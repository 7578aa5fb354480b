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
	NoticeFactorGoes    Notice = "A second factor will be removed"
	NoticeFactorKept    Notice = "A second factor stays"
	NoticeFactorReset   Notice = "Your second factor was reset"
	NoticeRecoveryUsed  Notice = "A recovery code was used"
	NoticeRecoveryMade  Notice = "New recovery codes were made"
	NoticeSignedOut     Notice = "You were signed out"
	NoticeRecovered     Notice = "Your account was recovered"
	NoticeToken         Notice = "An API token was made"
	NoticeQuiet         Notice = "Letters about new devices were switched off"

	noticeExpiry Notice = "Your password expires soon"
	noticeLocked Notice = "Wrong passwords for your account"
	noticeCodes  Notice = "Wrong codes for your account"
)

const (
	letterTime = "2 January 2006, 15:04 UTC"
	letterDay  = "2 January 2006"
	warnBefore = 7 * 24 * time.Hour
)

var noticed = map[Notice]string{
	NoticePassword:      "The password of your account was changed. All other sessions were signed out, and API tokens do not work any more.",
	NoticeDevice:        "Somebody signed in to your account on a browser that it did not know.",
	NoticeFactorAdded:   "A second factor was added to your account.",
	NoticeFactorRemoved: "A second factor was removed from your account.",
	NoticeFactorGoes:    "Somebody asked to remove a second factor of your account. That would leave it less well protected, so it happens a day from now.",
	NoticeFactorKept:    "The removal of a second factor of your account was stopped. The factor stays, and is asked for as before.",
	NoticeFactorReset:   "An administrator reset your second factor for this workspace. You are asked for a new one at the next sign-in.",
	NoticeRecoveryUsed:  "A recovery code of your account was used in place of the second factor. It does not work again.",
	NoticeRecoveryMade:  "New recovery codes were made for your account. The old ones do not work any more.",
	NoticeSignedOut:     "An administrator ended your sessions in this workspace.",
	NoticeRecovered:     "The operator of the server recovered your account: second factors and sessions are gone, and you set a new password by a mailed link.",
	NoticeQuiet:         "You are not told any more when somebody signs in to your account on a new browser. Letters about passwords and second factors go on.",
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
	if kind == NoticeFactorGoes {
		l.After = []string{"If this was you, there is nothing to do. You hear again when it is removed.",
			"If it was not, please stop it before then: sign in at " + v.URL + "/, open My Account > Second factors, and choose \"Keep it\". Nothing else is asked. Then set a new password with \"Forgotten password\" on the sign-in page, and tell your administrator."}
		return l
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

// codesLetter names no workspace, as lockLetter does.
func codesLetter(url, to string, at time.Time, dead bool) workspace.Letter {
	l := workspace.Letter{
		To: to, Subject: string(noticeCodes),
		Paragraphs: []string{
			"Somebody who has your password is trying codes of your second factor, so further ones are refused for a while.",
			"When: " + at.UTC().Format(letterTime),
		},
		After: []string{
			"If this was you, please wait a little, and look whether the clock of your phone is right.",
			"If it was not, nobody came in, but your password is known: please set a new one with \"Forgotten password\" on your sign-in page. Browsers on which you have given a second factor before work as always.",
		},
		From: "Parlatory, " + url + "/",
	}
	if dead {
		l.Paragraphs = append(l.Paragraphs, "There were so many that codes of your app are not taken any more from browsers that your account does not know, until you give a recovery code or a passkey once.")
	}
	return l
}
