package config

import "net/url"

// keyServer wants a server where one is used, and exactly one way to sign in at it. What the names may look like the line itself checks.
func (k *checker) keyServer(c *Config) {
	k.oneOf("root_key", c.RootKey, "file", "key_server")
	s := &c.KeyServer
	used := c.RootKey == "key_server" || s.Key != "" || s.DatabaseRole != "" || s.DatabaseOwnerRole != ""
	switch {
	case s.Address == "" && !used:
		return
	case s.Address == "":
		k.wrong("key_server.address", "is needed")
		return
	case !used:
		k.wrong("key_server.address", "is set, but nothing uses it: name a key, or a database_role")
	}
	if u, err := url.Parse(s.Address); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Path != "" && u.Path != "/" || u.RawQuery != "" {
		k.wrong("key_server.address", "must be https://HOST or https://HOST:PORT")
	}
	if c.RootKey == "key_server" && s.Key == "" {
		k.wrong("key_server.key", "is needed with root_key = \"key_server\"")
	}
	if s.DatabaseRole != "" && c.Database.Postgres == "" {
		k.wrong("key_server.database_role", "is set without database.postgres")
	}
	if s.DatabaseOwnerRole != "" && c.Database.PostgresOwner == "" {
		k.wrong("key_server.database_owner_role", "is set without database.postgres_owner")
	}
	k.readable("key_server.ca_file", s.CAFile, true)
	k.keyServerSignIn(s)
}

func (k *checker) keyServerSignIn(s *KeyServer) {
	ways := 0
	if s.AppRoleID != "" || s.AppRoleSecretFile != "" {
		ways++
		if s.AppRoleID == "" {
			k.wrong("key_server.approle_id", "and key_server.approle_secret_file belong together")
		}
		k.readable("key_server.approle_secret_file", s.AppRoleSecretFile, false)
	}
	if s.KubernetesRole != "" {
		ways++
		k.readable("key_server.kubernetes_token_file", s.KubernetesTokenFile, false)
	}
	if s.Certificate != "" || s.CertificateKey != "" {
		ways++
		k.readable("key_server.certificate", s.Certificate, false)
		k.readable("key_server.certificate_key", s.CertificateKey, false)
	}
	if s.TokenFile != "" {
		ways++
		k.readable("key_server.token_file", s.TokenFile, false)
	}
	if ways != 1 {
		k.wrong("key_server", "needs exactly one way to sign in: approle_id, kubernetes_role, certificate or token_file")
	}
}
