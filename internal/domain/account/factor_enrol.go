package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"parlatory"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/credential"
	"parlatory/internal/guard/policy"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// Enroller is who sets a factor up: in My Account, or in the step of a sign-in that owes it.
type Enroller struct {
	FactorBound
	Staff parlatory.StaffID
	// Proved: a factor or a recovery code that counts everywhere was proved in this very sign-in.
	Proved bool
}

// EnrollerOf is the person of a session or half session.
func EnrollerOf(actor parlatory.Actor) Enroller {
	return Enroller{FactorBound: FactorBound{Door: actor.Workspace, Account: actor.Account, Session: actor.Session, Device: actor.Known}, Staff: actor.Staff}
}

// factorStanding is what an enrolment is judged by.
type factorStanding struct {
	all      []factor
	void     time.Time
	state    FactorState
	recovery int // codes in all, whether they count here or not
}

// NeedsMail reports whether a first factor asks for the code that is mailed: nothing older can be proved here.
func (s FactorState) NeedsMail() bool { return !s.Any() && s.Recovery == 0 }

func (a *Room) factorStanding(ctx context.Context, at FactorBound) (s factorStanding, err error) {
	permit, err := a.o.Law.System(actFactor, at.Door)
	if err != nil {
		return s, err
	}
	err = a.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		s, err = factorStandingOf(tx, a, at.Account)
		return err
	})
	return s, err
}

func factorStandingOf(tx *db.Tx, a *Room, account parlatory.AccountID) (s factorStanding, err error) {
	if s.state, err = a.FactorsAt(tx, account); err != nil {
		return s, err
	}
	if s.void, err = voidAt(tx, account, tx.Workspace()); err != nil {
		return s, err
	}
	if err = tx.House().Row(sqlRecoveryCount, account).Scan(&s.recovery); err != nil {
		return s, fmt.Errorf("count recovery codes: %w", err)
	}
	s.all, err = factorsOf(tx, sqlFactors, account)
	return s, err
}

// BeginTOTP makes a secret for an app: shown as a QR code and as text, in force once a code of it is confirmed.
func (a *Room) BeginTOTP(ctx context.Context, e Enroller) (token, secret, link parlatory.Secret, err error) {
	acc, view, err := a.enrolling(ctx, e)
	if err != nil {
		return token, secret, link, err
	}
	if secret, err = credential.NewTOTP(); err != nil {
		return token, secret, link, err
	}
	token, err = a.begin(ctx, ceremony{account: e.Account, door: e.Door, bound: e.Session, kind: enrolsTOTP}, ceremonySecret{Secret: secret.Reveal()})
	return token, secret, credential.TOTPLink(secret, view.Company, acc.Email), err
}

// BeginEnrolPasskey asks the browser for a new passkey.
func (a *Room) BeginEnrolPasskey(ctx context.Context, e Enroller) (token parlatory.Secret, options json.RawMessage, err error) {
	acc, view, err := a.enrolling(ctx, e)
	if err != nil {
		return token, nil, err
	}
	have, err := a.passkeysAt(ctx, e.Door, e.Account)
	if err != nil {
		return token, nil, err
	}
	challenge, err := credential.NewChallenge()
	if err != nil {
		return token, nil, err
	}
	handle := e.Account.Raw()
	if options, err = party(view).CreationOptions(challenge, handle[:], acc.Email, acc.Name, have); err != nil {
		return token, nil, err
	}
	token, err = a.begin(ctx, ceremony{account: e.Account, door: e.Door, bound: e.Session, kind: enrolsPasskey}, ceremonySecret{Challenge: challenge[:]})
	return token, options, err
}

// enrolling reads the person and the door.
func (a *Room) enrolling(ctx context.Context, e Enroller) (acc Account, view workspace.View, err error) {
	if view, err = a.o.Workspace.Named(ctx, e.Door); err != nil {
		return acc, view, err
	}
	acc, _, err = a.read(ctx, e.FactorBound)
	return acc, view, err
}

func (a *Room) read(ctx context.Context, at FactorBound) (acc Account, held *vault.Held, err error) {
	if held, err = a.Hold(ctx, at.Account); err != nil {
		return acc, nil, err
	}
	permit, err := a.o.Law.System(actFactor, at.Door)
	if err != nil {
		return acc, nil, err
	}
	err = a.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		acc, err = Fresh(tx, held, at.Account)
		return err
	})
	return acc, held, err
}

// MailCode mails the eight digits that a first factor asks for beside the password.
func (a *Room) MailCode(ctx context.Context, e Enroller) error {
	acc, view, err := a.enrolling(ctx, e)
	if err != nil {
		return err
	}
	permit, err := a.o.Law.System(actFactor, e.Door)
	if err != nil {
		return err
	}
	ix, err := a.o.Ring.Index(ctx, parlatory.House)
	if err != nil {
		return fmt.Errorf("hold house index key: %w", err)
	}
	held, err := a.Hold(ctx, e.Account)
	if err != nil {
		return err
	}
	settings, err := a.o.Ring.Hold(ctx, e.Door, vault.Settings)
	if err != nil {
		return fmt.Errorf("hold settings key: %w", err)
	}
	code, err := credential.NewMailCode()
	if err != nil {
		return err
	}
	mail, err := codeLetter(view, acc.Email, code).Mail()
	if err != nil {
		return err
	}
	var refused error
	err = a.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		refused = nil
		spent, err := byMail.Spend(tx.House(), byMail.Key(ix, e.Account.String()))
		if err != nil {
			return err
		}
		if spent.Over {
			refused = spent.Refusal(tx.Now())
			return nil
		}
		m := mailedCode{id: parlatory.NewID[parlatory.RowKind](a.o.Clock), FactorBound: e.FactorBound, expires: tx.Now().Add(mailLife)}
		sealed, err := held.Seal(m.binding(), []byte(code.Reveal()))
		if err != nil {
			return fmt.Errorf("seal mailed code: %w", err)
		}
		if _, err := tx.House().Exec(sqlPutFactorMail, e.Account, e.Session, m.id, m.expires, sealed); err != nil {
			return fmt.Errorf("store mailed code: %w", err)
		}
		return a.o.Workspace.Outbox().Put(tx, settings, mail)
	})
	if err == nil {
		err = refused
	}
	return err
}

// mailedCode is bound to the session or half session that asked for it (ASVS 6.6.2).
type mailedCode struct {
	FactorBound
	id      parlatory.RowID
	expires time.Time
}

func (m mailedCode) binding() vault.Binding {
	return vault.Binding{Table: "factor_mails", Row: m.id.Raw(), Revision: 1, Clear: []any{m.Account, m.Session, m.expires}}
}

// Confirm is the person's answer that sets a factor up.
type Confirm struct {
	Ceremony, Code, MailCode parlatory.Secret
	Credential               json.RawMessage
	Name                     string
}

// Enrolment is a factor that was checked; Store makes it.
type Enrolment struct {
	Factor parlatory.Factor

	room     *Room
	e        Enroller
	ceremony ceremony
	mail     parlatory.RowID
	row      factor
	secret   factorSecret
	held     *vault.Held
	settings *vault.Held
	pens     Pens
	account  Account
	view     workspace.View
	codes    []parlatory.Secret
	ruling   ruling
	ix       *vault.Indexer
}

// ruling is what a standing makes of an enrolment.
type ruling struct {
	full  bool // there are as many as one can have
	mail  bool // it asks for the mailed code
	first bool // none counted anywhere: the sessions that stand were opened without one
	codes bool // recovery codes come with it
	scope parlatory.WorkspaceID
}

func (s factorStanding) rule(e Enroller) (r ruling) {
	r.full, r.mail, r.first = len(s.all) >= maxFactors, s.state.NeedsMail(), len(s.all) == 0
	if older := s.recovery > 0 || len(s.all) > 0; s.state.Voided && older && !e.Proved {
		r.scope = e.Door
	}
	r.codes = r.scope.Zero() && s.recovery == 0
	return r
}

// settled refuses where the factors are others by now than those that the enrolment was judged by: of two first ones at once, the second
// would take the recovery codes away that the first showed.
func (n *Enrolment) settled(tx *db.Tx) error {
	if _, _, err := Lock(tx, n.e.Account); err != nil {
		return err
	}
	s, err := factorStandingOf(tx, n.room, n.e.Account)
	if err == nil && s.rule(n.e) != n.ruling {
		err = parlatory.Conflict("Your second factors were changed at the same time. Please try again.")
	}
	return err
}

// CheckEnrolment counts the tries, committed, and checks: the mailed code where it is the first factor, then the factor.
func (a *Room) CheckEnrolment(ctx context.Context, e Enroller, c Confirm) (*Enrolment, error) {
	name, err := policy.Name(c.Name, 1, 60)
	if err != nil {
		return nil, parlatory.Invalid("name", "must have 1 to 60 characters, on one line").Because(err)
	}
	s, err := a.factorStanding(ctx, e.FactorBound)
	if err != nil {
		return nil, err
	}
	if s.rule(e).full {
		return nil, parlatory.Conflict("You have as many second factors as one can have. Please remove one first.")
	}
	n := &Enrolment{room: a, e: e, secret: factorSecret{Name: name}}
	if s.state.NeedsMail() {
		if n.mail, err = a.checkMail(ctx, e, c.MailCode); err != nil {
			return nil, err
		}
	}
	if err := a.checkFactor(ctx, n, c); err != nil {
		return nil, err
	}
	n.ruling = s.rule(e)
	n.row.account, n.row.kind, n.row.revision, n.row.scope = e.Account, n.Factor, 1, n.ruling.scope
	if n.ruling.codes {
		if n.codes, err = credential.NewRecoveryCodes(); err != nil {
			return nil, err
		}
	}
	return n, a.fetch(ctx, n)
}

// fetch gets the keys that Store needs.
func (a *Room) fetch(ctx context.Context, n *Enrolment) (err error) {
	if n.account, n.view, err = a.enrolling(ctx, n.e); err != nil {
		return err
	}
	if n.ix, err = a.o.Ring.Index(ctx, parlatory.House); err != nil {
		return fmt.Errorf("hold house index key: %w", err)
	}
	if n.secret.Passkey != nil {
		n.row.index = credentialIndex(n.ix, n.secret.Passkey.ID)
	}
	if n.held, err = a.Hold(ctx, n.e.Account); err != nil {
		return err
	}
	if n.settings, err = a.o.Ring.Hold(ctx, n.e.Door, vault.Settings); err != nil {
		return fmt.Errorf("hold settings key: %w", err)
	}
	n.pens, err = a.Pens(ctx, n.e.Door)
	return err
}

// checkMail counts the try with the reading, so that a burst gets five as a patient guesser does.
func (a *Room) checkMail(ctx context.Context, e Enroller, code parlatory.Secret) (parlatory.RowID, error) {
	m, sealed, err := a.tryMail(ctx, e)
	if err != nil {
		return m.id, err
	}
	held, err := a.Hold(ctx, e.Account)
	if err != nil {
		return m.id, err
	}
	want, err := held.Open(m.binding(), sealed)
	if err != nil {
		return m.id, fmt.Errorf("open mailed code: %w", err)
	}
	typed := parlatory.NewSecret(strings.ReplaceAll(code.Reveal(), " ", "")) // the letter shows two groups
	if !credential.Same(parlatory.NewSecret(string(want)), typed) {
		return m.id, errFactor("mail_code")
	}
	return m.id, nil
}

func (a *Room) tryMail(ctx context.Context, e Enroller) (m mailedCode, sealed vault.Sealed, err error) {
	permit, err := a.o.Law.System(actFactor, e.Door)
	if err != nil {
		return m, sealed, err
	}
	m.FactorBound = e.FactorBound
	var refused error
	err = a.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		refused = nil
		var tries int
		err := tx.House().Row(sqlTryFactorMail, e.Account, e.Session).Scan(&m.id, &tries, &m.expires, &sealed)
		if errors.Is(err, db.ErrNone) || err == nil && (tries > mailTries || !tx.Now().Before(m.expires)) {
			refused = parlatory.Invalid("mail_code", "is not right or too old; please ask for a new one")
			return nil
		}
		return err
	})
	if err == nil {
		err = refused
	}
	return m, sealed, err
}

// checkFactor judges the answer to the ceremony. An app's ceremony stays until it is confirmed, so that a mistyped code
// costs no new QR code; its tries are counted with all others of the account.
func (a *Room) checkFactor(ctx context.Context, n *Enrolment, c Confirm) (err error) {
	kind, code := enrolsPasskey, len(c.Credential) == 0
	if code {
		kind = enrolsTOTP
	}
	if _, _, err = a.try(ctx, n.e.FactorBound, func(tx *db.Tx) error {
		n.ceremony, err = ceremonyOf(tx, c.Ceremony, ceremony{account: n.e.Account, door: n.e.Door, bound: n.e.Session, kind: kind})
		return err
	}); err != nil {
		return err
	}
	held, err := a.Hold(ctx, n.e.Account)
	if err != nil {
		return err
	}
	asked, err := n.ceremony.open(held)
	if err != nil {
		return err
	}
	if code {
		step, ok := credential.CheckTOTP(parlatory.NewSecret(asked.Secret), c.Code, a.o.Clock.Now(), 0)
		if !ok {
			return errFactor("code")
		}
		n.Factor, n.row.step, n.secret.Secret = parlatory.TOTP, step, asked.Secret
		return nil
	}
	view, err := a.o.Workspace.Named(ctx, n.e.Door)
	if err != nil {
		return err
	}
	key, err := party(view).Registered(asked.challenge(), c.Credential)
	if err != nil {
		return err
	}
	n.Factor, n.secret.Passkey = parlatory.Passkey, &key
	return nil
}

// Store makes the factor and, with the first, the recovery codes, in the transaction of whoever asked. It witnesses, queues
// the letter, and gives what is shown once.
func (n *Enrolment) Store(tx *db.Tx, from parlatory.Actor) (id parlatory.FactorID, codes []parlatory.Secret, err error) {
	if err := n.settled(tx); err != nil {
		return id, nil, err
	}
	if err := n.ceremony.end(tx); err != nil {
		return id, nil, err
	}
	house := tx.House()
	if !n.mail.Zero() {
		gone, err := house.Exec(sqlDeleteFactorMail, n.e.Account, n.e.Session, n.mail)
		if err != nil {
			return id, nil, fmt.Errorf("use mailed code: %w", err)
		}
		if gone != 1 {
			return id, nil, errFactor("mail_code")
		}
	}
	f := n.row
	f.id, f.created = parlatory.NewID[parlatory.FactorKind](n.room.o.Clock), tx.Now()
	if f.sealed, err = vault.SealJSON(n.held, f.binding(), n.secret); err != nil {
		return id, nil, fmt.Errorf("seal factor: %w", err)
	}
	stored, err := house.Exec(sqlInsertFactor, f.id, f.account, f.kind, f.scope, f.created, f.used, f.goes, f.step, f.index, f.revision, f.sealed)
	if err != nil {
		return id, nil, fmt.Errorf("store factor: %w", err)
	}
	if stored != 1 {
		return id, nil, parlatory.Conflict("This passkey is set up already.")
	}
	if err := n.room.putRecovery(tx, n.held, n.ix, n.e.Account, n.codes); err != nil {
		return id, nil, err
	}
	if err := n.clear(house); err != nil {
		return id, nil, err
	}
	if err := n.end(tx); err != nil {
		return id, nil, err
	}
	return f.id, n.codes, n.tell(tx, from)
}

// Wide reports whether the factor counts at all of the person's workspaces.
func (n *Enrolment) Wide() bool { return n.row.scope.Zero() }

// end ends the sessions that were begun without a factor, wherever this one counts: whoever had the password alone, after a reset or
// from before, is out (AC-031). With the very first of the account all others end.
func (n *Enrolment) end(tx *db.Tx) error {
	if n.ruling.first {
		return n.room.endOthers(tx, n.e.Account, n.e.Session)
	}
	return n.room.o.Sessions.EndFactorless(tx, n.e.Account, n.row.scope, n.e.Session)
}

// clear forgets the tries; not where the factor counts at one workspace alone, see Proof.clear.
func (n *Enrolment) clear(house *db.Tx) error {
	key := byFactor.Key(n.ix, classOf(n.e.Account.String(), n.e.Device))
	if !n.row.scope.Zero() {
		return takeBack(house, key, n.e.Account, n.e.Device)
	}
	if err := byFactor.Forgive(house, key); err != nil {
		return err
	}
	if _, err := house.Exec(sqlForgetTries, n.e.Account); err != nil {
		return fmt.Errorf("clear tries of factors: %w", err)
	}
	return nil
}

func (n *Enrolment) tell(tx *db.Tx, from parlatory.Actor) error {
	what := "second factor added: " + string(n.Factor)
	if err := n.room.Notify(tx, n.settings, n.view, n.account, NoticeFactorAdded, from); err != nil {
		return err
	}
	if err := n.pens.Witness(tx, ledger.Updated, n.e.Account, n.e.Staff, map[string]string{"what": what}); err != nil {
		return err
	}
	return n.room.echo(tx, n.e.Account, what)
}

// putRecovery stores codes instead of those that were.
func (a *Room) putRecovery(tx *db.Tx, held *vault.Held, ix *vault.Indexer, account parlatory.AccountID, codes []parlatory.Secret) error {
	if len(codes) == 0 {
		return nil
	}
	house := tx.House()
	if _, err := house.Exec(sqlDeleteRecovery, account); err != nil {
		return fmt.Errorf("drop recovery codes: %w", err)
	}
	for _, c := range codes {
		form, _ := credential.RecoveryForm(c)
		r := recoveryCode{id: parlatory.NewID[parlatory.RowKind](a.o.Clock), account: account, index: recoveryIndex(ix, account, form), created: tx.Now()}
		sealed, err := held.Seal(r.binding(), []byte("{}"))
		if err != nil {
			return fmt.Errorf("seal recovery code: %w", err)
		}
		if _, err := house.Exec(sqlPutRecovery, r.account, r.index, r.id, r.created, sealed); err != nil {
			return fmt.Errorf("store recovery code: %w", err)
		}
	}
	return nil
}

func codeLetter(v workspace.View, to string, code parlatory.Secret) workspace.Letter {
	text := code.Reveal()
	return workspace.Letter{
		To: to, Subject: "Your code for the second factor",
		Paragraphs: []string{"Your code is " + text[:4] + " " + text[4:] + ".", "It works for ten minutes, in the window in which you asked for it. None of us will ever ask you for it."},
		After:      []string{"If you did not ask for it, somebody knows your password: please change it at once, with \"Forgotten password\" on the sign-in page: " + v.URL + "/"},
		From:       v.Company + ", " + v.URL + "/",
	}
}
