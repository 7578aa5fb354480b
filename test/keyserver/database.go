package keyserver

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
)

// Database is a role of the database engine on a mount of its own.
type Database struct {
	Mount, Role string
	server      *Server
}

// Database makes an engine that gives out members of a PostgreSQL role. admin is the URL of a superuser, member the role that they
// become members of; more are fields of the role, such as default_ttl and max_ttl.
func (s *Server) Database(tb testing.TB, admin, member string, more Fields) Database {
	tb.Helper()
	u, err := url.Parse(admin)
	if err != nil {
		tb.Fatal(err)
	}
	password, _ := u.User.Password()
	name := u.User.Username()
	u.User = nil
	d := Database{Mount: s.Mount(tb, "", "database"), Role: "serving", server: s}
	s.Write(tb, d.Mount+"/config/postgres", Fields{
		"plugin_name": "postgresql-database-plugin", "allowed_roles": d.Role, "username": name, "password": password,
		"connection_url": fmt.Sprintf("postgresql://{{username}}:{{password}}@%s%s?%s", u.Host, u.Path, u.RawQuery),
	})
	fields := Fields{
		"db_name": "postgres", "default_ttl": "1h", "max_ttl": "24h",
		"creation_statements":   fmt.Sprintf(`CREATE ROLE "{{name}}" LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}' IN ROLE %s;`, member),
		"revocation_statements": `DROP ROLE IF EXISTS "{{name}}";`,
	}
	for k, v := range more {
		fields[k] = v
	}
	s.Write(tb, d.Mount+"/roles/"+d.Role, fields)
	return d
}

// Policy allows what Parlatory needs of it.
func (d Database) Policy(tb testing.TB) string {
	tb.Helper()
	return d.server.Policy(tb, "", d.Mount+"/creds/"+d.Role+" read", "sys/leases/renew update")
}

// Revoke ends every lease, at once: PostgreSQL forgets the roles.
func (d Database) Revoke(tb testing.TB) {
	tb.Helper()
	d.server.must(tb, http.MethodPut, "sys/leases/revoke-prefix/"+d.Mount, Fields{"sync": true})
}
