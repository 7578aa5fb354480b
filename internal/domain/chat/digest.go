package chat

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"parlatory"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// Run puts the heads of running conversations into the ledger each hour, until ctx ends.
func (r *Room) Run(ctx context.Context) error {
	tick := time.NewTicker(witnessEach)
	defer tick.Stop()
	inbox := time.NewTicker(inboxEach)
	defer inbox.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-inbox.C:
			if err := r.DrainInboxes(ctx); err != nil && ctx.Err() == nil {
				r.Log.Error("inboxes of workspaces whose keys were away", "cause", err.Error())
			}
		case <-tick.C:
			if err := r.WitnessHeads(ctx); err != nil && ctx.Err() == nil {
				r.Log.Error("hourly heads of conversations", "cause", err.Error())
			}
		}
	}
}

// WitnessHeads enters the head of each open room that has grown since its last entry.
func (r *Room) WitnessHeads(ctx context.Context) error {
	permit, err := r.Law.System(actOpenOf, parlatory.House)
	if err != nil {
		return err
	}
	var workspaces []parlatory.WorkspaceID
	err = r.DB.Read(ctx, permit, func(tx *db.Tx) error {
		rows, err := tx.Across().Query(sqlOpenWorkspacesAcross)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var ws parlatory.WorkspaceID
			if err := rows.Scan(&ws); err != nil {
				return err
			}
			workspaces = append(workspaces, ws)
		}
		return rows.Err()
	})
	if err != nil {
		return fmt.Errorf("list workspaces with open rooms: %w", err)
	}
	var failed error
	for _, ws := range workspaces {
		if err := r.witnessHeadsOf(ctx, ws); err != nil { // a workspace whose keys are away does not hold up the others
			r.Log.Error("hourly heads of one workspace", "cause", err.Error())
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

type grown struct {
	room   parlatory.RoomID
	seq    int64
	digest []byte
}

func (r *Room) witnessHeadsOf(ctx context.Context, ws parlatory.WorkspaceID) error {
	permit, err := r.Law.System(actFrames, ws)
	if err != nil {
		return err
	}
	var rooms []grown
	err = r.DB.Read(ctx, permit, func(tx *db.Tx) error {
		rooms, err = grownRooms(tx)
		return err
	})
	if err != nil || len(rooms) == 0 {
		return err
	}
	pen, err := r.Ledger.Pen(ctx, ws)
	if err != nil {
		return err
	}
	permit, err = r.Law.System(actDigest, ws)
	if err != nil {
		return err
	}
	return r.DB.Write(ctx, permit, func(tx *db.Tx) error {
		for _, g := range rooms {
			if _, err := tx.Exec(sqlWitnessed, g.room, g.seq); err != nil {
				return fmt.Errorf("note witnessed head: %w", err)
			}
			e := ledger.Entry{Action: ledger.Updated, Element: "Conversation head", ID: g.room.Raw(), New: map[string]string{
				"messages": strconv.FormatInt(g.seq, 10), "digest": hex.EncodeToString(g.digest),
			}}
			if err := pen.Witness(tx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

func grownRooms(tx *db.Tx) ([]grown, error) {
	rows, err := tx.Query(sqlOpenRooms)
	if err != nil {
		return nil, fmt.Errorf("read open rooms: %w", err)
	}
	defer rows.Close()
	type open struct {
		room      parlatory.RoomID
		witnessed int64
	}
	var all []open
	for rows.Next() {
		var o open
		if err := rows.Scan(&o.room, &o.witnessed); err != nil {
			return nil, fmt.Errorf("read open rooms: %w", err)
		}
		all = append(all, o)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	var out []grown
	for _, o := range all {
		g := grown{room: o.room}
		if err := tx.Row(sqlHead, o.room).Scan(&g.seq, &g.digest); err != nil {
			return nil, fmt.Errorf("read head: %w", err)
		}
		if g.seq > o.witnessed {
			out = append(out, g)
		}
	}
	return out, nil
}
