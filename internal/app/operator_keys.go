package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"parlatory"
	"parlatory/internal/domain/keys"
	"parlatory/internal/guard/vault"
)

// House is what the operator calls the server's own key.
const House = "house"

// KeysStatus prints a line for each workspace and for the house.
func (o Operation) KeysStatus(ctx context.Context, out io.Writer) error {
	return o.beside(ctx, func(p *Program) error {
		all, err := p.places(ctx, operator("keys status"))
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(table, "WORKSPACE\tROOT\tROOT'S VERSION\tKEY\tSINCE\tKEYS BELOW\tTO WRAP AGAIN")
		for _, k := range all {
			state := "newest"
			switch {
			case errors.Is(k.Fault, vault.ErrAway):
				state = "out of reach"
			case errors.Is(k.Fault, vault.ErrWithdrawn):
				state = "withdrawn"
			case k.Fault != nil:
				state = "unknown: " + k.Fault.Error()
			case !k.Current:
				state = "older: run keys rewrap"
			}
			_, _ = fmt.Fprintf(table, "%s\t%s\t%s\tversion %d\t%s\t%d\t%d\n", k.Subdomain, k.Root, state, k.Version, k.Since.Format("2006-01-02"), k.Subjects, k.Behind)
		}
		return table.Flush()
	})
}

// places is the survey with names.
func (p *Program) places(ctx context.Context, actor parlatory.Actor) ([]keys.Place, error) {
	all, err := p.Rooms.Keys.Survey(ctx, actor)
	if err != nil {
		return nil, err
	}
	for i, k := range all {
		if k.ID == parlatory.House {
			all[i].Subdomain = House
			continue
		}
		v, err := p.Rooms.Workspace.Named(ctx, k.ID)
		if err != nil { // its keys are withdrawn: the id names it
			all[i].Subdomain = k.ID.String()
			continue
		}
		all[i].Subdomain = v.Subdomain
	}
	return all, nil
}

// place finds one by its name.
func (p *Program) place(ctx context.Context, name string) (parlatory.WorkspaceID, error) {
	if name == House {
		return parlatory.House, nil
	}
	ws, known, err := p.Rooms.Workspace.Workspace(ctx, name)
	if err == nil && !known {
		err = parlatory.Fail(parlatory.KindNotFound, "No workspace has this subdomain.")
	}
	return ws, err
}

// RotateRoot begins a new version of a root, and says what comes next.
func (o Operation) RotateRoot(ctx context.Context, root string) (said string, err error) {
	err = o.beside(ctx, func(p *Program) error {
		if err := o.Ask("Begin a new version of the root key in the " + rootName(root) + "? What older versions wrapped still opens."); err != nil {
			return err
		}
		version, err := p.Rooms.Keys.RotateRoot(ctx, operator("keys rotate"), root, o.Reason)
		if err != nil {
			return err
		}
		said = fmt.Sprintf("The root key's new version is %s. Now run `parlatory keys rewrap`.", version)
		if root == vault.RootFile {
			said = fmt.Sprintf("The key file has a new root key, %s. Keep a copy of the file apart from the data, give it to all other servers, and then run `parlatory keys rewrap`.", version)
		}
		return nil
	})
	return said, err
}

func rootName(root string) string {
	if root == vault.RootServer {
		return "key server"
	}
	return "key file"
}

// RotateWorkspace gives a workspace, or the house, a new key, and wraps what is below it again.
func (o Operation) RotateWorkspace(ctx context.Context, name string, progress io.Writer) (said string, err error) {
	err = o.beside(ctx, func(p *Program) error {
		ws, err := p.place(ctx, name)
		if err != nil {
			return err
		}
		if err := o.Ask("Give " + name + " a new key? Its audit log says so."); err != nil {
			return err
		}
		if err := p.Rooms.Keys.RotateFor(ctx, operator("keys rotate"), ws, o.Reason); err != nil {
			return err
		}
		var next int64 = 10_000
		told := func(done int64) {
			if done >= next {
				next = done + 10_000
				_, _ = fmt.Fprintf(progress, "%d keys are wrapped again\n", done)
			}
		}
		served, err := p.Rooms.Keys.Watch(ctx, ws, told)
		if err == nil && !served {
			err = p.Rooms.Keys.Rewrap(ctx, ws, told)
		}
		if err != nil {
			return fmt.Errorf("%w; a running server goes on with it", err)
		}
		said = name + " has a new key, and all keys below it are wrapped again."
		return nil
	})
	return said, err
}

// MoveKeys wraps the keys of one workspace, or of all with the house, by a root; "" is the newest version of each one's own.
func (o Operation) MoveKeys(ctx context.Context, name, root string) (said string, err error) {
	err = o.beside(ctx, func(p *Program) error {
		command, question := "keys move", "Wrap the keys of %s by the "+rootName(root)+" from now on? It must be configured on every server, and stay so."
		if root == "" {
			command, question = "keys rewrap", "Wrap the keys of %s again under the newest version of their root? All servers must have it."
		}
		actor := operator(command)
		all, err := p.chosen(ctx, actor, name)
		if err != nil {
			return err
		}
		who := name
		if who == "" {
			who = fmt.Sprintf("the house and all workspaces (%d)", len(all)-1)
		}
		if err := o.Ask(fmt.Sprintf(question, who)); err != nil {
			return err
		}
		var moved, own int
		for _, k := range all {
			if name == "" && root != "" && k.Root == vault.RootOwn {
				own++
				continue
			}
			n, err := p.Rooms.Keys.Move(ctx, actor, k.ID, root, o.Reason)
			if err != nil {
				return fmt.Errorf("%s: %w (%d keys were wrapped before; run it again)", k.Subdomain, err, moved)
			}
			moved += n
		}
		said = fmt.Sprintf("%d keys are wrapped anew.", moved)
		if own > 0 {
			said += fmt.Sprintf(" %d workspaces have key servers of their own and were left alone.", own)
		}
		return nil
	})
	return said, err
}

func (p *Program) chosen(ctx context.Context, actor parlatory.Actor, name string) ([]keys.Place, error) {
	if name == "" {
		return p.places(ctx, actor)
	}
	ws, err := p.place(ctx, name)
	return []keys.Place{{ID: ws, Subdomain: name}}, err
}
