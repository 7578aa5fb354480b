package app

import (
	"log/slog"

	"parlatory/internal/config"
	"parlatory/internal/outbound/keyserver"
)

// keyServer is the line to the operator's key server; nil if there is none. It dials plainly: the address is the operator's own.
func keyServer(c *config.Config, log *slog.Logger) (*keyserver.Line, error) {
	s := c.KeyServer
	if s.Address == "" {
		return nil, nil
	}
	o := keyserver.Options{Address: s.Address, Namespace: s.Namespace, Mount: s.Mount, Key: s.Key, CAFile: s.CAFile, Log: log}
	switch {
	case s.AppRoleID != "":
		o.Auth.AppRole = &keyserver.AppRole{Mount: s.AppRoleMount, RoleID: s.AppRoleID, SecretFile: s.AppRoleSecretFile}
	case s.KubernetesRole != "":
		o.Auth.Kubernetes = &keyserver.Kubernetes{Mount: s.KubernetesMount, Role: s.KubernetesRole, TokenFile: s.KubernetesTokenFile}
	case s.Certificate != "":
		o.Auth.Certificate = &keyserver.Certificate{Mount: s.CertificateMount, Name: s.CertificateName, CertFile: s.Certificate, KeyFile: s.CertificateKey}
	default:
		o.Auth.TokenFile = s.TokenFile
	}
	return keyserver.New(o)
}

// lendDatabase lets the key server name PostgreSQL's users. The owner's are used at the start only, so that nobody keeps them fresh.
func lendDatabase(plan *Plan, c *config.Config, line *keyserver.Line) error {
	if role := c.KeyServer.DatabaseRole; role != "" {
		lent, err := line.Database(c.KeyServer.DatabaseMount, role)
		if err != nil {
			return err
		}
		plan.Database.Credentials = lent
		plan.Jobs = append(plan.Jobs, lent.Run)
	}
	if role := c.KeyServer.DatabaseOwnerRole; role != "" {
		lent, err := line.Database(c.KeyServer.DatabaseMount, role)
		if err != nil {
			return err
		}
		plan.Database.Owner = lent
	}
	return nil
}
