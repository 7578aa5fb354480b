package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"parlatory"
	"parlatory/internal/domain/keys"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/test/rig"
)

// rewrapping is one line of JSON: the keys of subjects that are wrapped again under a new workspace key, and chat beside it.
type rewrapping struct {
	Figure   string  `json:"figure"`
	Target   string  `json:"target"`
	Keys     int64   `json:"keys"`
	Seconds  float64 `json:"seconds"`
	PerS     float64 `json:"keys_per_s"`
	Quiet    float64 `json:"chat_quiet_p99_ms"`
	Beside   float64 `json:"chat_beside_p99_ms"`
	P99Ratio float64 `json:"chat_p99_ratio"`
}

// rewrap measures the rotation of a workspace's key with many subjects below it, bar 5 of the issue.
func (b *bench) rewrap() (lines []string, err error) {
	fmt.Printf("rotation of a workspace's key with %d keys below it, online; chat (open loop, %.0f/s) quiet and beside it\n", b.keys, b.rate)
	fmt.Printf("%-10s %10s %10s %10s %10s %10s %7s\n", "target", "keys", "seconds", "keys/s", "quiet p99", "beside p99", "ratio")
	for _, kind := range []string{"sqlite", "postgres"} {
		if !b.wants(kind) {
			continue
		}
		f, err := b.rewrapOf(kind)
		if err != nil {
			return nil, fmt.Errorf("rewrap on %s: %w", kind, err)
		}
		fmt.Printf("%-10s %10d %10.1f %10.0f %10.2f %10.2f %7.2f\n", f.Target, f.Keys, f.Seconds, f.PerS, f.Quiet, f.Beside, f.P99Ratio)
		line, err := json.Marshal(f)
		if err != nil {
			return nil, fmt.Errorf("figure: %w", err)
		}
		lines = append(lines, string(line))
	}
	fmt.Println()
	return lines, nil
}

func (b *bench) rewrapOf(kind string) (f rewrapping, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	r, stop, err := b.server(ctx, "keys-"+kind, kind, true)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	t := &target{name: kind, address: r.server.Address, ca: r.server.Authority.CA, server: r.server.PID(), pids: []int{r.server.PID()}}
	few := *b
	few.options.crowd = 0
	if err = few.seed(ctx, r.server, t); err != nil {
		return f, fmt.Errorf("seed: %w", err)
	}
	if err = b.fill(ctx, r.server); err != nil {
		return f, fmt.Errorf("keys: %w", err)
	}
	quiet, err := b.measure(t, "open")
	if err != nil {
		return f, err
	}
	founder := r.server.Client("acme." + rig.Domain)
	if err = founder.SignIn(ctx, rig.Person{Address: "founder@acme.example"}); err != nil {
		return f, err
	}
	began := time.Now()
	if err = founder.Do(ctx, "POST", "/api/v1/encryption/rotate", map[string]any{}, nil); err != nil {
		return f, err
	}
	beside := result{}
	for {
		res, err := b.measure(t, "open")
		if err != nil {
			return f, err
		}
		if beside.P99 = max(beside.P99, res.P99); beside.P99 == res.P99 {
			beside = res
		}
		var view struct {
			Keys, Behind int64
		}
		if err = founder.Do(ctx, "GET", "/api/v1/encryption", nil, &view); err != nil {
			return f, err
		}
		fmt.Fprintf(os.Stderr, "%s: %d of %d keys are left after %s; chat p99 %.1f ms\n", kind, view.Behind, view.Keys, time.Since(began).Round(time.Second), res.P99)
		if f.Keys = view.Keys; view.Behind == 0 {
			break
		}
	}
	f.Figure, f.Target, f.Seconds = "rewrap", kind, time.Since(began).Seconds()
	f.PerS, f.Quiet, f.Beside, f.P99Ratio = float64(f.Keys)/f.Seconds, quiet.P99, beside.P99, beside.P99/quiet.P99
	return f, nil
}

// fill puts keys of contacts that nobody has onto the workspace's shelf, past the server but with its own code.
func (b *bench) fill(ctx context.Context, s *rig.Server) (err error) {
	put := access.Act{Name: "bench.put", Feature: "Bench", Verb: access.Edit, By: access.ByKind(parlatory.System), Scope: access.Everywhere}
	catalogue, err := access.NewCatalogue(keys.Acts(), []access.Act{put})
	if err != nil {
		return err
	}
	law := access.NewLaw(catalogue, nil, nil)
	o := db.Options{SQLite: filepath.Join(s.DataDir(), "parlatory.db"), Beside: true, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Clock: parlatory.SystemClock{}}
	if s.Postgres != nil {
		o.SQLite, o.Postgres, o.PostgresOwner = "", s.Postgres.URL, s.Postgres.Owner
	}
	database, err := db.Open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, database.Close()) }()
	root, err := vault.OpenKeyFile(ctx, vault.KeyFile{Path: filepath.Join(s.Dir, "key", "root.key")})
	if err != nil {
		return err
	}
	ring := vault.NewRing(vault.Options{Root: root, Shelf: keys.New(database, law)})
	ws, err := b.onlyWorkspace(ctx, database, law, put)
	if err != nil {
		return err
	}
	permit, err := law.System(put, ws)
	if err != nil {
		return err
	}
	const batch = 500
	for n := 0; n < b.keys; n += batch {
		var wrapped []vault.Wrapped
		for range min(batch, b.keys-n) {
			_, w, err := ring.Mint(ctx, ws, vault.ContactKey(parlatory.NewID[parlatory.ContactKind](parlatory.SystemClock{})))
			if err != nil {
				return err
			}
			wrapped = append(wrapped, w)
		}
		if err := database.Write(ctx, permit, func(tx *db.Tx) error { return keys.Put(tx, wrapped...) }); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) onlyWorkspace(ctx context.Context, database *db.DB, law *access.Law, act access.Act) (ws parlatory.WorkspaceID, err error) {
	permit, err := law.System(act, parlatory.House)
	if err != nil {
		return ws, err
	}
	return ws, database.Read(ctx, permit, func(tx *db.Tx) error {
		return tx.Across().Row(`SELECT workspace FROM workspaces`).Scan(&ws)
	})
}
