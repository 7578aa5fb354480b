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
	Domain            string   `toml:"domain" need:"yes" sample:"chat.example.com" doc:"Bare domain of this server. Sign-up is here; every workspace answers at <subdomain>.<domain>. Links in mails are built from it, never from a request."`
	PublicPort        int      `toml:"public_port" default:"443" doc:"Port in addresses as browsers see it. Differs from the listener's only behind a port forward."`
	Listen            string   `toml:"listen" default:":443" doc:"Address and port of the HTTPS listener (TLS 1.3)."`
	ListenRedirect    string   `toml:"listen_redirect" sample:":80" doc:"Plain HTTP listener that sends people on to HTTPS. Pages only, the API is never answered there. Empty: none."`
	ListenAdmin       string   `toml:"listen_admin" default:"127.0.0.1:9464" doc:"Listener of /metrics, /healthz and /readyz. It has no sign-in: keep it on loopback or on a network of your own. Empty: none."`
	TrustedProxies    []string `toml:"trusted_proxies" sample:"[\"10.0.0.5\", \"fd00:5::/64\"]" doc:"HTTP proxies in front of the listener, each an address or a CIDR range. From them, and from nobody else, the client's address is taken out of X-Forwarded-For: the right-most one that is no trusted proxy. List the proxies only, never a network with clients in it."`
	ProxyProtocol     []string `toml:"proxy_protocol" sample:"[\"10.0.0.6\"]" doc:"TCP balancers in front of the listeners, each an address or a CIDR range, that begin every connection with a header of the PROXY protocol, version 2. It is demanded of them on both listeners, and refused from everybody else."`
	Data              string   `toml:"data" need:"yes" sample:"/var/lib/parlatory" doc:"Folder of the program's own files: the SQLite database, certificates ordered by ACME. Made with mode 0700 if it is missing."`
	KeyFile           string   `toml:"key_file" need:"yes" sample:"/etc/parlatory/root.key" doc:"The root key, mode 0600, outside of the data folder. Everything is sealed under it: back it up apart from the data. A new one is made only if file and database are both missing. Not needed with root_key = \"key_server\"."`
	RootKey           string   `toml:"root_key" default:"file" doc:"file: the root key is in key_file. key_server: it is a key of the server under [key_server], which never hands it out."`
	KeyPassphraseFile string   `toml:"key_passphrase_file" sample:"/run/credentials/parlatory.service/passphrase" doc:"File with the passphrase of a root key file that was made with one (parlatory keys create --passphrase-file). Read at the start and whenever the key file changed; its last line break is no part of it."`
	KeyCommand        []string `toml:"key_command" sample:"[\"/usr/local/bin/open-root-key\"]" doc:"Program, with its arguments, that opens a root key file in another tool's form, such as a hardware token's: it gets the file on standard input and writes the clear lines of a key file to standard output within two minutes. No shell."`
	ReachableNetworks []string `toml:"reachable_networks" sample:"[\"10.20.0.0/16\"]" doc:"Networks inside the company that workspaces' own lines, such as to their key servers, may reach although they are private. Everything else that is not public is refused to them."`
	SecurityContact   string   `toml:"security_contact" sample:"mailto:security@example.com" doc:"Whom finders of weaknesses write to, as mailto: or https: address, told in /.well-known/security.txt. Empty: no such file."`
	RefusedPasswords  string   `toml:"refused_passwords" sample:"/etc/parlatory/refused-passwords.txt" doc:"File of passwords that nobody may choose, one a line in UTF-8, up to 20 million. It takes the place of the built-in list of 49,233 published ones. Read at the start."`

	Database  Database  `toml:"database" doc:"Where rows are kept: SQLite by default, or PostgreSQL."`
	KeyServer KeyServer `toml:"key_server" doc:"An OpenBao or HashiCorp Vault server, for the root key (root_key), for PostgreSQL credentials (database_role), or both. One way to sign in: AppRole, Kubernetes, a TLS certificate, or a token in a file. The policy needs: update on MOUNT/encrypt/KEY, MOUNT/decrypt/KEY and MOUNT/keys/KEY/rotate, read on MOUNT/keys/KEY; for credentials read on DATABASE_MOUNT/creds/ROLE and update on sys/leases/renew. Grant no create on MOUNT/encrypt/KEY: with it the server would make a new key in place of one that was deleted."`
	TLS       TLS       `toml:"tls" doc:"Certificates: from files, or ordered by ACME. One of the two."`
	SMTP      SMTP      `toml:"smtp" doc:"The mail server that takes our mail."`
	Files     Files     `toml:"files" doc:"What people send each other besides words: images, documents, voice notes. All of it is sealed before it is stored."`
	Backup    Backup    `toml:"backup" doc:"The daily backup of wrapped keys. Without a folder there is none, and certificates of erasure say so."`
	Limits    Limits    `toml:"limits" doc:"Bounds of one address, one visitor and the whole process."`
	Log       Log       `toml:"log" doc:"The log on standard error. It holds no content, no address and no secret."`
}

// Database chooses the engine.
type Database struct {
	SQLite            string `toml:"sqlite" sample:"parlatory.db" doc:"SQLite file, within the data folder if it is no absolute path. The default, parlatory.db, unless postgres is set."`
	Postgres          string `toml:"postgres" sample:"postgres://parlatory_serve@db.example.com/parlatory?sslmode=verify-full" doc:"PostgreSQL: URL of the role that serves. It must own no table and must not bypass row security."`
	PostgresFile      string `toml:"postgres_file" sample:"/etc/parlatory/postgres.url" doc:"File that holds that URL, instead."`
	PostgresOwner     string `toml:"postgres_owner" sample:"postgres://parlatory_owner@db.example.com/parlatory?sslmode=verify-full" doc:"URL of the role that owns the tables and migrates them at start."`
	PostgresOwnerFile string `toml:"postgres_owner_file" sample:"/etc/parlatory/postgres-owner.url" doc:"File that holds that URL, instead."`
}

// KeyServer is the way to a key server.
type KeyServer struct {
	Address             string `toml:"address" sample:"https://keys.example.com:8200" doc:"Its address, https only. TLS 1.3 is needed. The port is 8200 if none is named."`
	Namespace           string `toml:"namespace" sample:"chat" doc:"Namespace, of OpenBao or Vault Enterprise. Empty: the root."`
	Mount               string `toml:"mount" default:"transit" doc:"Where the transit engine is mounted."`
	Key                 string `toml:"key" sample:"parlatory" doc:"Name of the transit key that is the root key: of type aes256-gcm96, not derived, not exportable."`
	GraceSeconds        int    `toml:"grace_seconds" default:"300" min:"0" max:"86400" doc:"For how long, after the server's last answer has run out, keys in memory serve while it is out of reach. Then everything below closes until it answers. A key that the server refuses closes at once."`
	ConfirmSeconds      int    `toml:"confirm_seconds" default:"60" min:"2" max:"60" doc:"How long an answer of the server holds. Each node asks again for each key in use at half of it, so a key that is withdrawn closes within this time. It holds for workspaces' own key servers too."`
	CAFile              string `toml:"ca_file" sample:"/etc/parlatory/keys-roots.pem" doc:"PEM roots that the server's certificate must chain to. Empty: the system's."`
	AppRoleID           string `toml:"approle_id" sample:"5f3c2f6e-…" doc:"Sign in by AppRole: the role id,"`
	AppRoleSecretFile   string `toml:"approle_secret_file" sample:"/etc/parlatory/keys.secret" doc:"and a file that holds the secret id. It is read at each sign-in, so that it may be replaced."`
	AppRoleMount        string `toml:"approle_mount" default:"approle" doc:"Where that way of signing in is mounted."`
	KubernetesRole      string `toml:"kubernetes_role" sample:"parlatory" doc:"Sign in by the pod's service account: the server's role for it."`
	KubernetesTokenFile string `toml:"kubernetes_token_file" default:"/var/run/secrets/kubernetes.io/serviceaccount/token" doc:"The service account's token, read at each sign-in."`
	KubernetesMount     string `toml:"kubernetes_mount" default:"kubernetes" doc:"Where that way of signing in is mounted."`
	Certificate         string `toml:"certificate" sample:"/etc/parlatory/keys.crt" doc:"Sign in by a TLS certificate: PEM chain, leaf first, read at each connection,"`
	CertificateKey      string `toml:"certificate_key" sample:"/etc/parlatory/keys.key" doc:"and its PEM key."`
	CertificateName     string `toml:"certificate_name" sample:"parlatory" doc:"The server's entry for it. Empty: the server looks for one."`
	CertificateMount    string `toml:"certificate_mount" default:"cert" doc:"Where that way of signing in is mounted."`
	TokenFile           string `toml:"token_file" sample:"/run/keys/token" doc:"Sign in by a token that an agent keeps fresh in a file. It is read again every minute, and when the server refuses it."`
	DatabaseRole        string `toml:"database_role" sample:"parlatory-serve" doc:"Role of the database engine whose users are members of the role in database.postgres. That URL then needs no password. A lease of an hour is good, of less than five minutes too short."`
	DatabaseOwnerRole   string `toml:"database_owner_role" sample:"parlatory-own" doc:"The same for database.postgres_owner, which is asked for at the start only."`
	DatabaseMount       string `toml:"database_mount" default:"database" doc:"Where the database engine is mounted."`
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

// Files says where files are kept.
type Files struct {
	Folder   string `toml:"folder" sample:"files" doc:"Folder of the sealed files, within the data folder if it is no absolute path. The default: files. Nodes that share a database must share it too."`
	MaxBytes int64  `toml:"max_bytes" default:"1073741824" min:"1048576" max:"17179869184" doc:"The most that a workspace may set as the limit of one file, in bytes. A workspace starts with 100 MB, or this if it is less."`
	S3       S3     `toml:"s3" doc:"An S3-compatible store for the sealed files, in place of the folder. What goes there is sealed, names and sizes of pieces aside."`
	ClamAV   ClamAV `toml:"clamav" doc:"A ClamAV daemon that every file passes before anybody may have it. While it does not answer, files wait; what it finds is quarantined."`
}

// S3 is the way to an S3-compatible store.
type S3 struct {
	Endpoint      string           `toml:"endpoint" sample:"https://s3.example.com" doc:"Its address, https. http is taken for a loopback address only. Setting it turns it on."`
	Region        string           `toml:"region" default:"us-east-1" doc:"Region of the bucket."`
	Bucket        string           `toml:"bucket" sample:"parlatory" doc:"Bucket, which must be there. Give it a rule that ends unfinished uploads after a day."`
	Prefix        string           `toml:"prefix" sample:"files/" doc:"Stands before every name, with a slash at its end."`
	AccessKey     string           `toml:"access_key" sample:"…" doc:"Access key."`
	SecretKey     parlatory.Secret `toml:"secret_key" sample:"…" doc:"Its secret."`
	SecretKeyFile string           `toml:"secret_key_file" sample:"/etc/parlatory/s3.secret" doc:"File that holds it, instead."`
	CAFile        string           `toml:"ca_file" sample:"/etc/parlatory/s3-roots.pem" doc:"PEM roots that the store's certificate must chain to. Empty: the system's."`
	PathStyle     bool             `toml:"path_style" doc:"The bucket stands in the path rather than in the host's name, as many stores of one's own want it."`
}

// ClamAV is the way to a clamd.
type ClamAV struct {
	Address string `toml:"address" sample:"unix:/run/clamav/clamd.ctl" doc:"unix:PATH, or HOST:PORT. Setting it turns scanning on. clamd needs AlertExceedsMax yes, and a StreamMaxLength that is no less than the largest file."`
	Remote  bool   `toml:"remote" doc:"HOST may be another machine. clamd speaks in clear: whoever stands between reads the files and can call them clean, so the way there must be protected by other means."`
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
