package signin

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/staff"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/credential"
	"parlatory/internal/guard/policy"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// Bounds of API tokens.
const (
	tokenDaysMost     = 365
	tokensMost        = 50 // of one member
	tokenNetworksMost = 20
)

// Token is an API token as its person sees it. The token itself is shown once.
type Token struct {
	ID                 parlatory.TokenID
	Name               string
	Scopes             []string
	Networks           []string
	CreatedAt, Expires time.Time
	UsedAt             time.Time
	UsedFrom           string
}

// NewToken is what somebody asks for.
type NewToken struct {
	Name     string
	Scopes   []string // names of acts
	Networks []string // from where it works; none: anywhere
	Days     int
}

// apiToken is a row. Its member's role is looked up at each use.
type apiToken struct {
	id               parlatory.TokenID
	hash             credential.TokenHash
	account          parlatory.AccountID
	door             parlatory.WorkspaceID
	staff            parlatory.StaffID
	factor           parlatory.Factor // of the session that made it
	scopes           string
	created, expires time.Time
	usedAt           time.Time
	sealed, used     vault.Sealed
}

type tokenNote struct {
	Name     string   `json:"name"`
	Networks []string `json:"networks,omitempty"`
}

func (t apiToken) binding() vault.Binding {
	return vault.Binding{Table: "api_tokens", Row: t.id.Raw(), Revision: 1,
		Clear: []any{t.hash[:], t.account, t.door, t.staff, string(t.factor), t.scopes, t.created, t.expires}}
}

func (t apiToken) usedBinding() vault.Binding {
	return vault.Binding{Table: "api_tokens.used", Row: t.id.Raw(), Revision: 1, Clear: []any{t.account, t.usedAt}}
}

func scanToken(row interface{ Scan(...any) error }) (apiToken, error) {
	var t apiToken
	err := row.Scan(&t.id, &t.hash, &t.account, &t.door, &t.staff, &t.factor, &t.scopes, &t.created, &t.expires, &t.usedAt, &t.sealed, &t.used)
	return t, err
}

func errToken() error {
	return parlatory.Fail(parlatory.KindUnauthenticated, "This API token is not valid.")
}

// Token resolves an API token at a door to its actor (ASVS 7.2.1): its member must be active, its time not over, and the address one of
// its own. What it may do is judged by the role that the member has now, by its scopes, and by the gate.
func (s *Sessions) Token(ctx context.Context, door parlatory.WorkspaceID, bearer string, from parlatory.Actor) (parlatory.Actor, error) {
	hash, err := credential.HashAPIToken(bearer)
	if err != nil {
		return parlatory.Actor{}, errToken()
	}
	permit, err := s.o.Law.System(actToken, door)
	if err != nil {
		return parlatory.Actor{}, err
	}
	var t apiToken
	var member staff.Row
	err = s.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		if t, err = scanToken(tx.House().Row(sqlToken, hash, door)); err != nil {
			return err
		}
		member, _, err = staff.ByID(tx, t.staff)
		return err
	})
	switch {
	case errors.Is(err, db.ErrNone):
		return parlatory.Actor{}, errToken()
	case err != nil:
		return parlatory.Actor{}, fmt.Errorf("read API token: %w", err)
	}
	now := s.o.Clock.Now()
	if !now.Before(t.expires) || member.State != staff.Active || member.Account != t.account {
		return parlatory.Actor{}, errToken()
	}
	if err := s.holds(ctx, t, from.Address); err != nil {
		return parlatory.Actor{}, err
	}
	if now.Sub(t.usedAt) >= touchEach {
		if err := s.noteToken(ctx, t, from, now); err != nil {
			s.o.Log.Warn("API token not noted", "token", t.id.String(), "cause", err.Error())
		}
	}
	actor := from
	actor.Kind, actor.Workspace, actor.Token, actor.Scopes = parlatory.Staff, door, t.id, t.scopes
	actor.Account, actor.Staff, actor.Department, actor.Role, actor.Factor = t.account, t.staff, member.Department, member.Role, t.factor
	return actor, nil
}

// holds proves the row, and that the address is one from which the token works.
func (s *Sessions) holds(ctx context.Context, t apiToken, at netip.Addr) error {
	held, err := s.o.Ring.Hold(ctx, parlatory.House, vault.AccountKey(t.account))
	if errors.Is(err, vault.ErrNoKey) {
		return errToken()
	}
	if err != nil {
		return fmt.Errorf("hold account key: %w", err)
	}
	var note tokenNote
	if err := vault.OpenJSON(held, t.binding(), t.sealed, &note); err != nil {
		s.o.Log.Error("row refused", "table", "api_tokens", "row", t.id.String())
		return errToken()
	}
	if len(note.Networks) == 0 {
		return nil
	}
	for _, text := range note.Networks {
		if n, err := policy.ParseNetwork(text); err == nil && n.Contains(at) {
			return nil
		}
	}
	return errToken()
}

// noteToken keeps when and from where a token was used last, at most once a minute.
func (s *Sessions) noteToken(ctx context.Context, t apiToken, from parlatory.Actor, now time.Time) error {
	permit, err := s.o.Law.System(actToken, t.door)
	if err != nil {
		return err
	}
	held, err := s.o.Ring.Hold(ctx, parlatory.House, vault.AccountKey(t.account))
	if err != nil {
		return fmt.Errorf("hold account key: %w", err)
	}
	before := t.usedAt
	t.usedAt = now
	used, err := vault.SealJSON(held, t.usedBinding(), placeOf(from))
	if err != nil {
		return fmt.Errorf("seal use of API token: %w", err)
	}
	return s.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		_, err := tx.House().Exec(sqlUseToken, t.id, now, used, before.Add(touchEach))
		return err
	})
}

// MakeToken makes an API token. It holds what its scopes and the role both allow, and never a sensitive act.
func (s *Room) MakeToken(ctx context.Context, actor parlatory.Actor, n NewToken) (parlatory.Secret, Token, error) {
	permit, err := s.o.Law.Permit(ctx, actor, ActMakeToken)
	if err != nil {
		return parlatory.Secret{}, Token{}, err
	}
	note, scopes, err := s.judgeToken(ctx, actor, n)
	if err != nil {
		return parlatory.Secret{}, Token{}, err
	}
	secret, hash, err := credential.NewAPIToken()
	if err != nil {
		return secret, Token{}, err
	}
	t, err := s.target(ctx, permit, actor.Staff)
	if err != nil {
		return secret, Token{}, err
	}
	pens, err := s.o.Account.Pens(ctx, actor.Workspace)
	if err != nil {
		return secret, Token{}, err
	}
	row := apiToken{id: parlatory.NewID[parlatory.TokenKind](s.o.Clock), hash: hash, account: actor.Account, door: actor.Workspace, staff: actor.Staff,
		factor: actor.Factor, scopes: strings.Join(scopes, " ")}
	err = s.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if err := staff.Steady(tx, actor); err != nil {
			return err
		}
		if err := s.o.Sessions.Stands(tx, actor); err != nil {
			return err
		}
		var count int
		if err := tx.House().Row(sqlCountTokens, actor.Staff, actor.Workspace).Scan(&count); err != nil {
			return fmt.Errorf("count API tokens: %w", err)
		}
		if count >= tokensMost {
			return parlatory.Conflict("You have as many API tokens as one may have. Revoke one first.")
		}
		row.created, row.expires = tx.Now(), tx.Now().Add(time.Duration(n.Days)*24*time.Hour)
		if row.sealed, err = vault.SealJSON(t.key, row.binding(), note); err != nil {
			return fmt.Errorf("seal API token: %w", err)
		}
		_, err := tx.House().Exec(sqlPutToken, row.id, row.hash, row.account, row.door, row.staff, string(row.factor), row.scopes, row.created, row.expires, nil, row.sealed, nil)
		if err != nil {
			return fmt.Errorf("store API token: %w", err)
		}
		if err := s.o.Account.Notify(tx, t.settings, t.view, t.account, account.NoticeToken, actor, "Name: "+note.Name); err != nil {
			return err
		}
		return pens.Workspace.Witness(tx, ledger.Entry{Action: ledger.Created, Element: "API token", ID: row.id.Raw(),
			New: map[string]string{"name": note.Name, "scopes": row.scopes, "networks": strings.Join(note.Networks, ", "), "expires": row.expires.UTC().Format(time.RFC3339)}})
	})
	return secret, Token{ID: row.id, Name: note.Name, Scopes: scopes, Networks: note.Networks, CreatedAt: row.created, Expires: row.expires}, err
}

func (s *Room) judgeToken(ctx context.Context, actor parlatory.Actor, n NewToken) (note tokenNote, scopes []string, err error) {
	if note.Name, err = policy.Name(n.Name, 1, 60); err != nil {
		return note, nil, parlatory.Invalid("name", "must have 1 to 60 characters, on one line")
	}
	if n.Days < 1 || n.Days > tokenDaysMost {
		return note, nil, parlatory.Invalid("days", "must be from 1 to 365")
	}
	if len(n.Networks) > tokenNetworksMost {
		return note, nil, parlatory.Invalid("networks", "may be 20 at most")
	}
	for _, text := range n.Networks {
		network, err := policy.ParseNetwork(text)
		if err != nil {
			return note, nil, parlatory.Invalid("networks", "has a line that is no address, block or range")
		}
		note.Networks = append(note.Networks, network.String())
	}
	offered, err := s.tokenActs(ctx, actor)
	if err != nil {
		return note, nil, err
	}
	for _, name := range n.Scopes {
		if !slices.ContainsFunc(offered, func(a access.Act) bool { return a.Name == name }) {
			return note, nil, parlatory.Invalid("scopes", "has one that your role does not grant, or that no token can have")
		}
	}
	scopes = slices.Compact(slices.Sorted(slices.Values(n.Scopes)))
	if len(scopes) == 0 {
		return note, nil, parlatory.Invalid("scopes", "must name at least one act")
	}
	return note, scopes, nil
}

// tokenActs are the acts that a token of this person may name.
func (s *Room) tokenActs(ctx context.Context, actor parlatory.Actor) (acts []access.Act, err error) {
	granted, err := s.o.Law.Sees(ctx, actor)
	if err != nil {
		return nil, err
	}
	for _, a := range s.o.Law.Catalogue().All() {
		if a.ByToken && (!a.Granted || slices.Contains(granted, a.Name)) {
			acts = append(acts, a)
		}
	}
	return acts, nil
}

// Tokens lists the own API tokens at this workspace, and the acts that one may name.
func (s *Room) Tokens(ctx context.Context, actor parlatory.Actor) (all []Token, acts []access.Act, err error) {
	permit, err := s.o.Law.Permit(ctx, actor, ActTokens)
	if err != nil {
		return nil, nil, err
	}
	held, err := s.o.Account.Hold(ctx, actor.Account)
	if err != nil {
		return nil, nil, err
	}
	err = s.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		all = nil
		rows, err := tx.House().Query(sqlTokensOf, actor.Staff, actor.Workspace)
		if err != nil {
			return fmt.Errorf("read API tokens: %w", err)
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			t, err := scanToken(rows)
			if err != nil {
				return fmt.Errorf("read API token: %w", err)
			}
			if view, ok := t.view(held); ok && tx.Now().Before(t.expires) {
				all = append(all, view)
			}
		}
		return rows.Err()
	})
	if err != nil {
		return nil, nil, err
	}
	acts, err = s.tokenActs(ctx, actor)
	return all, acts, err
}

// view opens a row for its person; one that does not open is worth nothing, and not shown.
func (t apiToken) view(held *vault.Held) (Token, bool) {
	var note tokenNote
	if err := vault.OpenJSON(held, t.binding(), t.sealed, &note); err != nil {
		return Token{}, false
	}
	v := Token{ID: t.id, Name: note.Name, Scopes: strings.Fields(t.scopes), Networks: note.Networks, CreatedAt: t.created, Expires: t.expires, UsedAt: t.usedAt}
	var p place
	if !t.usedAt.IsZero() && vault.OpenJSON(held, t.usedBinding(), t.used, &p) == nil {
		v.UsedFrom = p.Address
	}
	return v, true
}

// RevokeToken ends one of the own API tokens at this workspace. An id of somebody else's is unknown (AC-071).
func (s *Room) RevokeToken(ctx context.Context, actor parlatory.Actor, id parlatory.TokenID) error {
	permit, err := s.o.Law.Permit(ctx, actor, ActRevokeToken)
	if err != nil {
		return err
	}
	pen, err := s.o.Ledger.Pen(ctx, actor.Workspace)
	if err != nil {
		return err
	}
	return s.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		n, err := tx.House().Exec(sqlDropToken, id, actor.Staff, actor.Workspace)
		if err != nil {
			return fmt.Errorf("revoke API token: %w", err)
		}
		if n != 1 {
			return parlatory.NotFound()
		}
		return pen.Witness(tx, ledger.Entry{Action: ledger.Deleted, Element: "API token", ID: id.Raw()})
	})
}
