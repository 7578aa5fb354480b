package signin

import (
	"context"
	"fmt"
	"time"

	"parlatory"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/security"
	"parlatory/internal/guard/access"
	"parlatory/internal/storage/db"
)

// idleToken is how long an API token may lie unused before the checklist names it.
const idleToken = 90 * 24 * time.Hour

// crowd is what the checklist says of the people and their tokens.
type crowd struct {
	active, lacking, administrators int
	tokens, idle                    int
}

// Points is security.Facts': what the checklist says of people and API tokens. It counts, and names nobody.
func (s *Room) Points(ctx context.Context, actor parlatory.Actor) ([]security.Point, error) {
	permit, err := s.o.Law.System(actHalf, actor.Workspace)
	if err != nil {
		return nil, err
	}
	c, err := s.crowd(ctx, permit)
	if err != nil {
		return nil, err
	}
	return []security.Point{c.factors(), c.administration(), c.programs()}, nil
}

func (s *Room) crowd(ctx context.Context, permit access.Permit) (c crowd, err error) {
	err = s.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		c = crowd{}
		rows, factor, err := s.active(tx)
		if err != nil {
			return err
		}
		for _, r := range rows {
			c.active++
			if r.Role == role.Administrator {
				c.administrators++
			}
			if factor(r) == parlatory.NoFactor {
				c.lacking++
			}
		}
		if err := tx.House().Row(sqlTokensAt, tx.Workspace(), tx.Now(), tx.Now().Add(-idleToken)).Scan(&c.tokens, &c.idle); err != nil {
			return fmt.Errorf("count API tokens: %w", err)
		}
		return nil
	})
	return c, err
}

func (c crowd) factors() security.Point {
	p := security.Point{ID: "people", Group: "People", Title: "Everybody has a second factor", State: security.IsOn, Card: "/admin/staff",
		Detail: fmt.Sprintf("%d of %d active members have one that counts here.", c.active-c.lacking, c.active),
		Risk:   "Each account without one is as safe as its password."}
	if c.lacking > 0 {
		p.State = security.IsPartly
	}
	if c.lacking == c.active {
		p.State = security.IsOff
	}
	return p
}

func (c crowd) administration() security.Point {
	p := security.Point{ID: "administrators", Group: "People", Title: "Two to five administrators", State: security.IsOn, Card: "/admin/staff",
		Detail: fmt.Sprintf("%d active members are administrators.", c.administrators),
		Risk:   "With many, one mistake opens everything more easily."}
	switch {
	case c.administrators < 2:
		p.State, p.Detail = security.IsOff, "One active member is administrator."
		p.Risk = "Who loses the only administrator's mailbox or factor needs the operator of the server to come in again."
	case c.administrators > 5:
		p.State = security.IsPartly
	}
	return p
}

func (c crowd) programs() security.Point {
	p := security.Point{ID: "tokens", Group: "Access", Title: "No API token lies about", State: security.IsOn,
		Detail: fmt.Sprintf("%d are valid, and each was used within 90 days. Their owners end them in My Account.", c.tokens),
		Risk:   "A token that nobody uses is missed by nobody when it is stolen.", Card: "/admin/staff"}
	switch {
	case c.tokens == 0:
		p.Detail = "There is none."
	case c.idle > 0:
		p.State = security.IsPartly
		p.Detail = fmt.Sprintf("%d are valid, %d of them were not used for 90 days. Their owners end them in My Account; \"Sign out everywhere\" ends all of a member's.", c.tokens, c.idle)
	}
	return p
}
