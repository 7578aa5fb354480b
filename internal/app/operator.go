package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"parlatory"
	"parlatory/internal/config"
	"parlatory/internal/domain/signin"
)

// Operation is one command of the operator on the database of a configuration, beside the server or without it. Ask is
// shown what would be done, and says whether to do it.
type Operation struct {
	Config *config.Config
	Reason string
	Ask    func(question string) error
	Log    *slog.Logger
}

// operator is who runs the command, as the ledger shows it.
func operator(command string) parlatory.Actor {
	return parlatory.Actor{Kind: parlatory.Operator, Workspace: parlatory.House, Device: fmt.Sprintf("parlatory %s on the server, by its user %d", command, os.Getuid())}
}

// beside opens the rooms on the database as it is: nothing is made or migrated, and no job runs but in the server.
func (o Operation) beside(ctx context.Context, fn func(*Program) error) error {
	if _, err := os.Stat(o.Config.Database.SQLite); o.Config.Database.Postgres == "" && err != nil {
		return fmt.Errorf("there is no database at %s", o.Config.Database.SQLite)
	}
	plan, err := planOf(ctx, o.Config, o.Log)
	if err != nil {
		return err
	}
	plan.Database.Beside = true
	p, err := Open(ctx, plan)
	if err != nil {
		return err
	}
	return errors.Join(fn(p), p.close(), p.closeStores())
}

// Recover gives an account back to its mailbox, and says what was done.
func (o Operation) Recover(ctx context.Context, email string) (string, error) {
	return o.onAccount(ctx, "account recover", email, "Recover the account %s?\n"+
		"Its password, second factors, trusted devices, API tokens and sessions are void in all its workspaces (%d), and a link for a new password is mailed to it.\n"+
		"This stands in the audit log of each of them.",
		"%s: everything is void, and the link for a new password is on its way. The audit logs of %d workspaces say so.",
		func(p *Program, actor parlatory.Actor, f signin.Found) error {
			return p.Rooms.Signin.Recover(ctx, actor, f, o.Reason)
		})
}

// Unlock ends the locks of an account, and says what was done.
func (o Operation) Unlock(ctx context.Context, email string) (string, error) {
	return o.onAccount(ctx, "account unlock", email, "Unlock the account %s at every door of its workspaces (%d)?",
		"%s: its locks are ended. The audit logs of %d workspaces say so.",
		func(p *Program, actor parlatory.Actor, f signin.Found) error {
			return p.Rooms.Signin.EndLocks(ctx, actor, f, o.Reason)
		})
}

// OpenDoor switches the staff IP list of a workspace off, and says what was done.
func (o Operation) OpenDoor(ctx context.Context, subdomain string) (said string, err error) {
	err = o.beside(ctx, func(p *Program) error {
		ws, known, err := p.Rooms.Workspace.Workspace(ctx, subdomain)
		if err != nil {
			return err
		}
		if !known {
			return parlatory.Fail(parlatory.KindNotFound, "No workspace has this subdomain.")
		}
		if err := o.Ask("Switch the staff IP list of " + subdomain + " off? Staff can then sign in from anywhere. This stands in its audit log, and its administrators are told by mail."); err != nil {
			return err
		}
		said = subdomain + ": the staff IP list is off. The audit log says so, and a mail to its administrators is on its way."
		return p.Rooms.Security.Open(ctx, operator("security open"), ws, o.Reason)
	})
	if err != nil {
		return "", err
	}
	return said, nil
}

func (o Operation) onAccount(ctx context.Context, command, email, question, done string, do func(*Program, parlatory.Actor, signin.Found) error) (said string, err error) {
	err = o.beside(ctx, func(p *Program) error {
		actor := operator(command)
		f, err := p.Rooms.Signin.Find(ctx, actor, email)
		if err != nil {
			return err
		}
		if err := o.Ask(fmt.Sprintf(question, email, f.Workspaces)); err != nil {
			return err
		}
		said = fmt.Sprintf(done, email, f.Workspaces)
		return do(p, actor, f)
	})
	if err != nil {
		return "", err
	}
	return said, nil
}
