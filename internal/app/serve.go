package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"parlatory"
	"parlatory/internal/config"
	"parlatory/internal/domain/chat"
	"parlatory/internal/edge/front"
	"parlatory/internal/edge/live"
	"parlatory/internal/guard/policy"
	"parlatory/internal/guard/vault"
	"parlatory/internal/outbound/mail"
	"parlatory/internal/storage/backup"
	"parlatory/internal/storage/db"
)

// Serve runs the server of a configuration until ctx ends.
func Serve(ctx context.Context, c *config.Config, log *slog.Logger) error {
	plan, err := planOf(ctx, c, log)
	if err != nil {
		return err
	}
	if plan.Parts != nil {
		defer func() { _ = plan.Parts.Close() }()
	}
	p, err := Open(ctx, plan)
	if err != nil {
		return err
	}
	public, redirect, admin, err := listen(ctx, c.Listen, c.ListenRedirect, c.ListenAdmin)
	if err != nil {
		return errors.Join(err, p.close(), p.closeStores())
	}
	log.Info("serving", "what", c.LogLine())
	return p.Run(ctx, public, redirect, admin)
}

func planOf(ctx context.Context, c *config.Config, log *slog.Logger) (Plan, error) {
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return Plan{}, fmt.Errorf("data folder: %w", err)
	}
	line, err := keyServer(c, log)
	if err != nil {
		return Plan{}, err
	}
	roots, err := rootKeys(ctx, c, line)
	if err != nil {
		return Plan{}, err
	}
	mailer, err := mail.NewSMTP(mail.Options{
		Host: c.SMTP.Host, Port: c.SMTP.Port, Mode: mail.Mode(c.SMTP.Mode), User: c.SMTP.User, Password: c.SMTP.Password, From: c.SMTP.From, CAFile: c.SMTP.CAFile,
	})
	if err != nil {
		return Plan{}, err
	}
	plan := Plan{
		Domain: c.Domain, Port: c.PublicPort, Roots: roots, NewRoot: newRoot(c), OwnRoots: ownServersOf(c, log), Confirm: time.Duration(c.KeyServer.ConfirmSeconds) * time.Second, Mailer: mailer, Contact: c.SecurityContact, Log: log,
		Database: db.Options{SQLite: c.Database.SQLite, Postgres: c.Database.Postgres, PostgresOwner: c.Database.PostgresOwner},
	}
	if err := lendDatabase(&plan, c, line); err != nil {
		return Plan{}, err
	}
	if plan.Parts, err = keyParts(c); err != nil {
		return Plan{}, err
	}
	plan.TrustedProxies, plan.ProxyProtocol = config.Networks(c.TrustedProxies), config.Networks(c.ProxyProtocol)
	if plan.Refused, err = refusedPasswords(c.RefusedPasswords); err != nil {
		return Plan{}, err
	}
	plan.Certificates = certificates(c, log)
	plan.Limits.File.File = c.Files.MaxBytes
	if err := storesOf(&plan, c); err != nil {
		return Plan{}, err
	}
	plan.Limits.Front = front.Limits{
		Body: c.Limits.BodyBytes, RequestsPerSecond: c.Limits.RequestsPerSecond, Burst: c.Limits.RequestsBurst,
		Connections: c.Limits.Connections, ConnectionsPerAddress: c.Limits.ConnectionsPerAddress,
	}
	plan.Limits.Live = live.Limits{Sockets: c.Limits.Sockets, SocketsPerPerson: c.Limits.SocketsPerPerson}
	plan.Limits.Chat = chat.Limits{
		VisitorPerMinute: c.Limits.VisitorMessages, StaffPerMinute: c.Limits.StaffMessages, BeginPerHour: c.Limits.NewEnquiries,
	}
	plan.Limits.Signin.PasskeySource = c.Limits.PasskeyQuestions
	return plan, nil
}

// keyParts opens the folder of key backups, if there is to be one.
func keyParts(c *config.Config) (*backup.Folder, error) {
	if c.Backup.Folder == "" {
		return nil, nil
	}
	to, err := vault.ParseRecipient(c.Backup.Recipient)
	if err != nil {
		return nil, fmt.Errorf("backup.recipient: %w", err)
	}
	return backup.OpenFolder(backup.Options{Path: c.Backup.Folder, KeepDays: c.Backup.KeysKeepDays, Seal: to.Seal, Clock: parlatory.SystemClock{}})
}

func certificates(c *config.Config, log *slog.Logger) func(func(context.Context, string) bool) (front.Certificates, error) {
	switch {
	case c.UsesACME():
		return func(known func(context.Context, string) bool) (front.Certificates, error) {
			return front.NewACME(front.ACMEOptions{
				Directory: c.TLS.ACME.Directory, Email: c.TLS.ACME.Email, CAFile: c.TLS.ACME.CAFile,
				Folder: filepath.Join(c.Data, "acme"), Listen: c.Listen, Known: known, Log: log,
			})
		}
	case len(c.TLS.Files) > 0:
		return func(func(context.Context, string) bool) (front.Certificates, error) {
			var pairs []front.CertificatePair
			for _, f := range c.TLS.Files {
				pairs = append(pairs, front.CertificatePair(f))
			}
			return front.OpenFiles(pairs, parlatory.SystemClock{}, log)
		}
	}
	return nil // a bench build's plaintext on loopback; any other configuration was refused when it was read
}

func listen(ctx context.Context, public, redirect, admin string) (p, r, a net.Listener, err error) {
	open := func(address string) net.Listener {
		if address == "" || err != nil {
			return nil
		}
		var l net.Listener
		if l, err = (&net.ListenConfig{}).Listen(ctx, "tcp", address); err != nil {
			err = fmt.Errorf("listen on %s: %w", address, err)
		}
		return l
	}
	p, r, a = open(public), open(redirect), open(admin)
	return p, r, a, err
}

// refusedPasswords reads the operator's own list; without one it is the built-in list.
func refusedPasswords(file string) (*policy.List, error) {
	if file == "" {
		return nil, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("refused passwords: %w", err)
	}
	defer f.Close()
	list, err := policy.ReadList(f)
	if err != nil {
		return nil, fmt.Errorf("refused passwords: %w", err)
	}
	return list, nil
}
