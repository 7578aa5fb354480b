package config

import (
	"net"
	"net/netip"
	"strconv"
	"strings"

	"parlatory"
)

// Config is the whole file. Tags: toml is the key, doc its text, default the value of a missing key, sample what the
// annotated file shows for a key without a default.
type Config struct {
	Domain           string   `toml:"domain" need:"yes" sample:"chat.example.com" doc:"Bare domain of this server. Sign-up is here; every workspace answers at <subdomain>.<domain>. Links in mails are built from it, never from a request."`
	PublicPort       int      `toml:"public_port" default:"443" doc:"Port in addresses as browsers see it. Differs from the listener's only behind a port forward."`
	Listen           string   `toml:"listen" default:":443" doc:"Address and port of the HTTPS listener (TLS 1.3)."`
	ListenRedirect   string   `toml:"listen_redirect" sample:":80" doc:"Plain HTTP listener that sends people on to HTTPS. Pages only, the API is never answered there. Empty: none."`
	ListenAdmin      string   `toml:"listen_admin" default:"127.0.0.1:9464" doc:"Listener of /metrics, /healthz and /readyz. It has no sign-in: keep it on loopback or on a network of your own. Empty: none."`
	TrustedProxies   []string `toml:"trusted_proxies" sample:"[\"10.0.0.5\", \"fd00:5::/64\"]" doc:"HTTP proxies in front of the listener, each an address or a CIDR range. From them, and from nobody else, the client's address is taken out of X-Forwarded-For: the right-most one that is no trusted proxy. List the proxies only, never a network with clients in it."`
	ProxyProtocol    []string `toml:"proxy_protocol" sample:"[\"10.0.0.6\"]" doc:"TCP balancers in front of the listeners, each an address or a CIDR range, that begin every connection with a header of the PROXY protocol, version 2. It is demanded of them on both listeners, and refused from everybody else."`
	Data             string   `toml:"data" need:"yes" sample:"/var/lib/parlatory" doc:"Folder of the program's own files: the SQLite database, certificates ordered by ACME. Made with mode 0700 if it is missing."`
	KeyFile          string   `toml:"key_file" need:"yes" sample:"/etc/parlatory/root.key" doc:"The root key, mode 0600, outside of the data folder. Everything is sealed under it: back it up apart from the data. A new one is made only if file and database are both missing."`
	SecurityContact  string   `toml:"security_contact" sample:"mailto:security@example.com" doc:"Whom finders of weaknesses write to, as mailto: or https: address, told in /.well-known/security.txt. Empty: no such file."`
	RefusedPasswords string   `toml:"refused_passwords" sample:"/etc/parlatory/refused-passwords.txt" doc:"File of passwords that nobody may choose, one a line in UTF-8, up to 20 million. It takes the place of the built-in list of 49,233 published ones. Read at the start."`

	Database Database `toml:"database" doc:"Where rows are kept: SQLite by default, or PostgreSQL."`
	TLS      TLS      `toml:"tls" doc:"Certificates: from files, or ordered by ACME. One of the two."`
	SMTP     SMTP     `toml:"smtp" doc:"The mail server that takes our mail."`
	Backup   Backup   `toml:"backup" doc:"The daily backup of wrapped keys. Without a folder there is none, and certificates of erasure say so."`
	Limits   Limits   `toml:"limits" doc:"Bounds of one address, one visitor and the whole process."`
	Log      Log      `toml:"log" doc:"The log on standard error. It holds no content, no address and no secret."`
}

// Database chooses the engine.
type Database struct {
	SQLite            string `toml:"sqlite" sample:"parlatory.db" doc:"SQLite file, within the data folder if it is no absolute path. The default, parlatory.db, unless postgres is set."`
	Postgres          string `toml:"postgres" sample:"postgres://parlatory_serve@db.example.com/parlatory?sslmode=verify-full" doc:"PostgreSQL: URL of the role that serves. It must own no table and must not bypass row security."`
	PostgresFile      string `toml:"postgres_file" sample:"/etc/parlatory/postgres.url" doc:"File that holds that URL, instead."`
	PostgresOwner     string `toml:"postgres_owner" sample:"postgres://parlatory_owner@db.example.com/parlatory?sslmode=verify-full" doc:"URL of the role that owns the tables and migrates them at start."`
	PostgresOwnerFile string `toml:"postgres_owner_file" sample:"/etc/parlatory/postgres-owner.url" doc:"File that holds that URL, instead."`
}

// TLS chooses the source of certificates.
type TLS struct {
	Files []CertificateFiles `toml:"files" doc:"Certificates from files, looked at again within ten seconds of a change. Together they must cover the domain and *.domain."`
	ACME  ACME               `toml:"acme" doc:"Certificates ordered from an authority when a workspace's name is first asked for (RFC 8555, challenge TLS-ALPN-01 on the HTTPS listener, which must be reachable at port 443)."`
}

// CertificateFiles is one chain and its key.
type CertificateFiles struct {
	Certificate string `toml:"certificate" sample:"/etc/parlatory/tls.crt" doc:"PEM chain, leaf first."`
	Key         string `toml:"key" sample:"/etc/parlatory/tls.key" doc:"PEM key."`
}

// ACME is an authority that gives certificates out by itself.
type ACME struct {
	Email     string `toml:"email" sample:"operator@example.com" doc:"Address for the account at the authority. Setting it turns ACME on, and agrees to the authority's terms."`
	Directory string `toml:"directory" default:"https://acme-v02.api.letsencrypt.org/directory" doc:"The authority's directory."`
	CAFile    string `toml:"ca_file" sample:"/etc/parlatory/acme-roots.pem" doc:"PEM roots of an authority inside the company. Empty: the system's."`
}

// SMTP is the way out for mail.
type SMTP struct {
	Host         string           `toml:"host" need:"yes" sample:"mail.example.com" doc:"Name of the mail server."`
	Port         int              `toml:"port" default:"587" doc:"Its port: 587 for starttls, 465 for tls."`
	Mode         string           `toml:"mode" default:"starttls" doc:"starttls, tls, or plain. With starttls a server that does not offer it gets no mail. plain is taken for a loopback address only."`
	User         string           `toml:"user" sample:"parlatory" doc:"Name to sign in with. Empty: no sign-in."`
	Password     parlatory.Secret `toml:"password" sample:"…" doc:"Password to sign in with."`
	PasswordFile string           `toml:"password_file" sample:"/etc/parlatory/smtp.password" doc:"File that holds it, instead."`
	From         string           `toml:"from" need:"yes" sample:"Parlatory <no-reply@chat.example.com>" doc:"Sender of all mail."`
	CAFile       string           `toml:"ca_file" sample:"/etc/parlatory/mail-roots.pem" doc:"PEM roots that the mail server's certificate must chain to. Empty: the system's."`
}

// Backup is where wrapped keys are kept for a short while.
type Backup struct {
	Folder       string `toml:"folder" sample:"/var/backups/parlatory" doc:"Folder of the daily file of wrapped keys, made with mode 0700 if it is missing. Keep it off the disk of the database. Every server writes its own."`
	Recipient    string `toml:"recipient" sample:"age1…" doc:"age recipient (age-keygen) that the file is encrypted to. Its identity must not be on this server."`
	KeysKeepDays int    `toml:"keys_keep_days" default:"30" min:"1" max:"30" doc:"Days after which such a file is deleted here and refused by a restore. A certificate of erasure names the day on which the last one that can hold the key has gone: the same on every server, and copies elsewhere must go as soon."`
}

// Limits bound costs.
type Limits struct {
	RequestsPerSecond     float64 `toml:"requests_per_second" default:"100" min:"1" max:"100000" doc:"Requests of one address (IPv6: one /64), files of the web part aside. Over it: 429."`
	RequestsBurst         int     `toml:"requests_burst" default:"400" min:"1" max:"1000000" doc:"Requests that an address may save up."`
	VisitorMessages       int     `toml:"visitor_messages_per_minute" default:"30" min:"1" max:"100000" doc:"Messages of one visitor in a minute."`
	StaffMessages         int     `toml:"staff_messages_per_minute" default:"600" min:"1" max:"1000000" doc:"Messages of one staff member in a minute."`
	NewEnquiries          int     `toml:"new_enquiries_per_hour" default:"60" min:"1" max:"1000000" doc:"Enquiries that visitors at one address (IPv6: one /64) may begin in an hour."`
	PasskeyQuestions      int     `toml:"passkey_questions_per_5_minutes" default:"600" min:"10" max:"1000000" doc:"Looks at the sign-in page from one address (IPv6: one /64) in five minutes that may offer passkeys: an office behind one address needs as many as people arrive at once. A sign-in by passkey is given back. Over it: no offer, and 429 for who asks."`
	SocketsPerPerson      int     `toml:"sockets_per_person" default:"20" min:"1" max:"100000" doc:"Live sockets of one staff member or visitor."`
	Sockets               int     `toml:"sockets" default:"10000" min:"1" max:"1000000" doc:"Live sockets at once."`
	Connections           int     `toml:"connections" default:"20000" min:"10" max:"2000000" doc:"Open connections at once, sockets included."`
	ConnectionsPerAddress int     `toml:"connections_per_address" default:"1000" min:"1" max:"2000000" doc:"Of these, from one address (IPv6: one /64) that is not loopback."`
	BodyBytes             int64   `toml:"body_bytes" default:"1048576" min:"16384" max:"67108864" doc:"Size of one request's body, of staff and of API tokens; a table for the visitors' lists may have 8 MiB whatever is set. Everybody else, visitors among them, may send at most 64 KiB, or this if it is less."`
}

// Log is how the process tells what it does.
type Log struct {
	Level  string `toml:"level" default:"info" doc:"debug, info, warn or error."`
	Format string `toml:"format" default:"text" doc:"text or json."`
}

// URL is the public address of a workspace's host, or of the bare domain for "", without a slash at the end.
func (c *Config) URL(subdomain string) string {
	host := c.Domain
	if subdomain != "" {
		host = subdomain + "." + host
	}
	if c.PublicPort != 443 {
		host = net.JoinHostPort(host, strconv.Itoa(c.PublicPort))
	}
	return "https://" + host
}

// Networks are the entries of a list of addresses and ranges, which Load has checked.
func Networks(list []string) []netip.Prefix {
	all := make([]netip.Prefix, 0, len(list))
	for _, s := range list {
		if p, err := network(s); err == nil {
			all = append(all, p)
		}
	}
	return all
}

// UsesACME reports whether certificates are ordered.
func (c *Config) UsesACME() bool { return c.TLS.ACME.Email != "" }

// LogLine describes the configuration for the first line of the log, without anything secret.
func (c *Config) LogLine() string {
	engine := "SQLite"
	if c.Database.Postgres != "" {
		engine = "PostgreSQL"
	}
	return strings.Join([]string{"domain " + c.Domain, "listening on " + c.Listen, engine}, ", ")
}

// readLimit bounds the file and the files that it names.
const readLimit = 1 << 20
