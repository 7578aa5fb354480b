package config

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"parlatory"
)

var secretType = reflect.TypeFor[parlatory.Secret]()

// checker gathers faults, so that a wrong file is mended in one go.
type checker struct {
	file   string
	lines  map[string]int
	faults []error
}

func (k *checker) wrong(key, reason string, args ...any) {
	k.faults = append(k.faults, &Wrong{File: k.file, Line: k.line(key), Key: key, Reason: fmt.Sprintf(reason, args...)})
}

// line is that of the key, or of the table that lacks it.
func (k *checker) line(key string) int {
	for {
		if n, ok := k.lines[key]; ok {
			return n
		}
		i := strings.LastIndexByte(key, '.')
		if i < 0 {
			return 0
		}
		key = key[:i]
	}
}

var domainForm = regexp.MustCompile(`^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$`)

func (k *checker) check(c *Config) {
	if !domainForm.MatchString(c.Domain) || len(c.Domain) > 200 {
		k.wrong("domain", "is needed: a name in lower case with at least one dot, such as chat.example.com")
	}
	if c.PublicPort < 1 || c.PublicPort > 65535 {
		k.wrong("public_port", "must be 1 to 65535")
	}
	k.address("listen", c.Listen, false)
	k.address("listen_redirect", c.ListenRedirect, true)
	k.address("listen_admin", c.ListenAdmin, true)
	k.networks("trusted_proxies", c.TrustedProxies)
	k.networks("proxy_protocol", c.ProxyProtocol)
	k.networks("reachable_networks", c.ReachableNetworks)
	k.ranges("key_server", reflect.ValueOf(c.KeyServer))
	if u, err := url.Parse(c.SecurityContact); c.SecurityContact != "" &&
		(err != nil || u.Scheme != "mailto" && u.Scheme != "https" || strings.ContainsAny(c.SecurityContact, " \r\n\t")) {
		k.wrong("security_contact", "must begin with mailto: or https:")
	}
	if c.KeyPassphraseFile != "" && len(c.KeyCommand) > 0 {
		k.wrong("key_command", "opens the key file alone: leave key_passphrase_file out")
	}
	k.folders(c)
	k.database(&c.Database, c.Data)
	k.keyServer(c)
	k.tls(c)
	k.smtp(&c.SMTP)
	k.files(c)
	k.backup(c)
	k.ranges("limits", reflect.ValueOf(c.Limits))
	k.oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error")
	k.oneOf("log.format", c.Log.Format, "text", "json")
}

func (k *checker) oneOf(key, value string, allowed ...string) {
	for _, a := range allowed {
		if value == a {
			return
		}
	}
	k.wrong(key, "must be one of %s", strings.Join(allowed, ", "))
}

func (k *checker) address(key, value string, optional bool) {
	if value == "" && optional {
		return
	}
	host, port, err := net.SplitHostPort(value)
	if err != nil {
		k.wrong(key, "must be ADDRESS:PORT or :PORT")
		return
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		k.wrong(key, "has a port that is no number from 0 to 65535")
	}
	if _, err := netip.ParseAddr(host); host != "" && host != "localhost" && err != nil {
		k.wrong(key, "must begin with an IP address, with [ ] around one of IPv6")
	}
}

// mostNetworks bounds a list that is walked for each request.
const mostNetworks = 64

// networks wants single machines or small networks: whoever is on such a list may claim any address.
func (k *checker) networks(key string, list []string) {
	if len(list) > mostNetworks {
		k.wrong(key, "has more than %d entries", mostNetworks)
	}
	for i, s := range list {
		p, err := network(s)
		switch {
		case err != nil:
			k.wrong(key, "entry %d %s", i+1, err)
		case p.Addr().Is4() && p.Bits() < 8, p.Addr().Is6() && p.Bits() < 32:
			k.wrong(key, "entry %d is too wide: name the proxies, at most a /8 (IPv6: a /32)", i+1)
		}
	}
}

func network(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		s = netip.PrefixFrom(a, a.BitLen()).String()
	}
	p, err := netip.ParsePrefix(s)
	switch {
	case err != nil:
		return p, errors.New("is no address and no CIDR range such as 10.0.0.0/24")
	case p.Addr().Is4In6():
		return p, errors.New("is IPv4 written as IPv6: write it as IPv4")
	case p != p.Masked():
		return p, fmt.Errorf("has bits outside of its range: %s is meant", p.Masked())
	}
	return p, nil
}

func (k *checker) ranges(table string, v reflect.Value) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		low, high := f.Tag.Get("min"), f.Tag.Get("max")
		if low == "" {
			continue
		}
		value := v.Field(i).Convert(reflect.TypeFor[float64]()).Float()
		from, _ := strconv.ParseFloat(low, 64)
		to, _ := strconv.ParseFloat(high, 64)
		if !(value >= from && value <= to) { // NaN is neither
			k.wrong(table+"."+f.Tag.Get("toml"), "must be %s to %s", low, high)
		}
	}
}

// folders keeps the key file away from the data: a copy of the folder, or a backup of it, must not carry its own key.
func (k *checker) folders(c *Config) {
	if c.Data == "" {
		k.wrong("data", "is needed: a folder for the program's files")
	} else if s, err := os.Stat(c.Data); err == nil && !s.IsDir() {
		k.wrong("data", "is no folder")
	}
	if c.KeyFile == "" {
		if c.RootKey == "file" {
			k.wrong("key_file", "is needed: a file outside of the data folder")
		}
		return
	}
	if s, err := os.Stat(c.KeyFile); err == nil && s.IsDir() {
		k.wrong("key_file", "is a folder")
	} else if err == nil && s.Mode().Perm()&0o077 != 0 {
		k.wrong("key_file", "may be read by others than its owner: chmod 600 it")
	}
	if c.Data != "" && inside(c.Data, c.KeyFile) {
		k.wrong("key_file", "lies inside the data folder: keep the key apart from what it opens")
	}
	if f := c.Files.Folder; f != "" && inside(absolute(c.Data, f), c.KeyFile) {
		k.wrong("key_file", "lies inside the folder of files: keep the key apart from what it opens")
	}
	if db := c.Database.SQLite; db != "" && inside(filepath.Dir(absolute(c.Data, db)), c.KeyFile) {
		k.wrong("key_file", "lies beside the database: keep the key apart from what it opens")
	}
}

// files gives the folder its default, and resolves it.
func (k *checker) files(c *Config) {
	k.ranges("files", reflect.ValueOf(c.Files))
	if c.Files.Folder == "" {
		c.Files.Folder = "files"
	}
	c.Files.Folder = absolute(c.Data, c.Files.Folder)
	if s, err := os.Stat(c.Files.Folder); err == nil && !s.IsDir() {
		k.wrong("files.folder", "is no folder")
	}
	if s := c.Files.S3; s.Endpoint != "" {
		for key, value := range map[string]string{"bucket": s.Bucket, "access_key": s.AccessKey, "secret_key": s.SecretKey.Reveal()} {
			if value == "" {
				k.wrong("files.s3."+key, "is needed")
			}
		}
		k.readable("files.s3.ca_file", s.CAFile, true)
	}
}

// backup keeps the folder apart from the key file: who takes a backup must not take the key with it.
func (k *checker) backup(c *Config) {
	b := c.Backup
	k.ranges("backup", reflect.ValueOf(b))
	switch {
	case b.Folder == "" && b.Recipient == "":
		return
	case b.Folder == "":
		k.wrong("backup.folder", "is needed where a recipient is set")
		return
	case !strings.HasPrefix(b.Recipient, "age1"):
		k.wrong("backup.recipient", "is needed where a folder is set: an age recipient, such as age-keygen prints")
	}
	if c.KeyFile != "" && inside(b.Folder, c.KeyFile) {
		k.wrong("key_file", "lies inside the backup folder: keep the key apart from what it opens")
	}
}

// inside resolves links first, as far as the paths exist.
func inside(folder, file string) bool {
	rel, err := filepath.Rel(resolved(folder), resolved(file))
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

func resolved(p string) string {
	p, err := filepath.Abs(p)
	if err != nil {
		return p
	}
	rest := ""
	for at := p; ; at = filepath.Dir(at) {
		if real, err := filepath.EvalSymlinks(at); err == nil {
			return filepath.Join(real, rest)
		}
		if at == filepath.Dir(at) {
			return p
		}
		rest = filepath.Join(filepath.Base(at), rest)
	}
}

func absolute(data, p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(data, p)
}

func (k *checker) database(d *Database, data string) {
	if d.Postgres == "" {
		if d.PostgresOwner != "" {
			k.wrong("database.postgres_owner", "is set without database.postgres")
		}
		if d.SQLite == "" {
			d.SQLite = "parlatory.db"
		}
		d.SQLite = absolute(data, d.SQLite)
		return
	}
	if d.SQLite != "" {
		k.wrong("database.sqlite", "and database.postgres are both set: choose one")
	}
	if d.PostgresOwner == "" {
		k.wrong("database.postgres_owner", "is needed with postgres: the role that serves must not own the tables")
	}
	k.postgres("database.postgres", d.Postgres)
	k.postgres("database.postgres_owner", d.PostgresOwner)
	a, errA := url.Parse(d.Postgres)
	b, errB := url.Parse(d.PostgresOwner)
	if errA == nil && errB == nil && a.User.Username() == b.User.Username() && a.User.Username() != "" {
		k.wrong("database.postgres_owner", "names the same role as database.postgres: they must differ")
	}
}

// postgres wants a URL, since a key=value string would be read by other rules. Its reason never repeats the value.
func (k *checker) postgres(key, value string) {
	if value == "" {
		return
	}
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" || u.Path == "" || u.Path == "/" {
		k.wrong(key, "must be a URL: postgres://ROLE@HOST/DATABASE")
	}
}

func (k *checker) tls(c *Config) {
	switch {
	case len(c.TLS.Files) > 0 && c.UsesACME():
		k.wrong("tls.acme.email", "and tls.files are both set: choose one")
	case len(c.TLS.Files) == 0 && !c.UsesACME():
		if plaintext && loopback(c.Listen) {
			return
		}
		k.wrong("tls", "needs certificates: [[tls.files]] with certificate and key, or [tls.acme] with email")
	}
	for i, f := range c.TLS.Files {
		key := fmt.Sprintf("tls.files[%d].", i)
		k.readable(key+"certificate", f.Certificate, false)
		k.readable(key+"key", f.Key, false)
	}
	if !c.UsesACME() {
		return
	}
	if _, err := mail.ParseAddress(c.TLS.ACME.Email); err != nil {
		k.wrong("tls.acme.email", "is no mail address")
	}
	if u, err := url.Parse(c.TLS.ACME.Directory); err != nil || u.Scheme != "https" || u.Host == "" {
		k.wrong("tls.acme.directory", "must be an https address")
	}
	k.readable("tls.acme.ca_file", c.TLS.ACME.CAFile, true)
}

func (k *checker) readable(key, path string, optional bool) {
	if path == "" {
		if !optional {
			k.wrong(key, "is needed")
		}
		return
	}
	if _, err := readBounded(path); err != nil {
		k.wrong(key, "%s %s", path, reasonOf(err))
	}
}

func (k *checker) smtp(s *SMTP) {
	if s.Host == "" {
		k.wrong("smtp.host", "is needed: without mail nobody can sign up or be invited")
	}
	if s.Port < 1 || s.Port > 65535 {
		k.wrong("smtp.port", "must be 1 to 65535")
	}
	k.oneOf("smtp.mode", s.Mode, "starttls", "tls", "plain")
	if s.Mode == "plain" && !loopback(net.JoinHostPort(s.Host, "25")) {
		k.wrong("smtp.mode", "plain is for a mail server on this machine only (127.0.0.1 or ::1)")
	}
	if s.Mode == "plain" && s.User != "" {
		k.wrong("smtp.user", "would send its password in clear with mode plain")
	}
	if (s.User == "") != s.Password.Empty() {
		k.wrong("smtp.user", "and a password belong together")
	}
	if a, err := mail.ParseAddress(s.From); err != nil || strings.ContainsAny(a.Name+a.Address, "\r\n") {
		k.wrong("smtp.from", "is needed: a mail address such as Parlatory <no-reply@chat.example.com>")
	}
	k.readable("smtp.ca_file", s.CAFile, true)
}

func loopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.Unmap().IsLoopback()
}

// readSecrets takes secrets from files of their own.
func (k *checker) readSecrets(c *Config) {
	k.fromFile("database.postgres", &c.Database.Postgres, c.Database.PostgresFile)
	k.fromFile("database.postgres_owner", &c.Database.PostgresOwner, c.Database.PostgresOwnerFile)
	k.secret("smtp.password", &c.SMTP.Password, c.SMTP.PasswordFile)
	k.secret("files.s3.secret_key", &c.Files.S3.SecretKey, c.Files.S3.SecretKeyFile)
}

// secret takes one from a file of its own, if there is one.
func (k *checker) secret(key string, into *parlatory.Secret, path string) {
	if path == "" {
		return
	}
	if !into.Empty() {
		k.wrong(key+"_file", "and %s are both set: choose one", key)
	}
	var text string
	k.fromFile(key, &text, path)
	*into = parlatory.NewSecret(text)
}

// fromFile reads one line; the line's end is not part of the secret.
func (k *checker) fromFile(key string, into *string, path string) {
	if path == "" {
		return
	}
	if *into != "" {
		k.wrong(key+"_file", "and %s are both set: choose one", key)
		return
	}
	b, err := readBounded(path)
	if err != nil {
		k.wrong(key+"_file", "%s %s", path, reasonOf(err))
		return
	}
	if *into = strings.TrimRight(string(b), "\r\n"); *into == "" || strings.ContainsAny(*into, "\r\n") {
		k.wrong(key+"_file", "%s must hold one line", path)
	}
}
