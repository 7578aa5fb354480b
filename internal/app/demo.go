package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"

	"parlatory/internal/app/shop"
	"parlatory/internal/edge/front"
	"parlatory/internal/guard/vault"
	"parlatory/internal/outbound/mail"
	"parlatory/internal/storage/blob"
	"parlatory/internal/storage/db"
)

// The demo's names. *.localhost is the loopback in every browser.
const (
	demoDomain    = "parlatory.localhost"
	demoSubdomain = "acme"
	demoShop      = "shop.localhost"
	demoMail      = "mail.localhost"
)

// DemoOptions are the flags of `parlatory demo`.
type DemoOptions struct {
	Data   string // folder of its own; made if it is missing
	Listen string // ADDRESS:PORT; a loopback address
	Seed   uint64 // 0: passwords from the system's randomness; else from this number, for scripts on a machine of their own
	JSON   bool   // print one JSON object instead of the guide
	Out    io.Writer
	Log    *slog.Logger
}

// DemoGuide is what the demo prints with --json, and keeps in demo.json for its next start.
type DemoGuide struct {
	SignUp    string       `json:"sign_up"`
	Workspace string       `json:"workspace"`
	Shop      string       `json:"shop"`
	Mail      string       `json:"mail"`
	Authority string       `json:"authority"` // PEM file of the demo's certificate authority
	Pin       string       `json:"spki_pin"`  // base64 SHA-256 of the leaf key, for Chromium
	People    []DemoPerson `json:"people"`
}

// DemoPerson is a staff member of the sample workspace.
type DemoPerson struct {
	Name     string `json:"name"`
	Role     string `json:"role"`
	Email    string `json:"email"`
	Password string `json:"password"`
}

// Demo runs the sample workspace until ctx ends. The first start seeds it through the acts that people use.
func Demo(ctx context.Context, o DemoOptions) error {
	listener, err := demoListen(ctx, o.Listen)
	if err != nil {
		return err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	p, guide, err := openDemo(ctx, o, port)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	if err := printGuide(o, guide); err != nil {
		return errors.Join(err, listener.Close(), p.close(), p.closeStores())
	}
	return p.Run(ctx, listener, nil, nil)
}

// demoListen refuses every address but a loopback one: the demo's authority and passwords are for this machine.
func demoListen(ctx context.Context, address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("--listen must be ADDRESS:PORT, such as 127.0.0.1:8443")
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("--listen must begin with a loopback address, such as 127.0.0.1: the demo is for this machine alone")
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w (is another demo running? choose another port with --listen)", address, err)
	}
	return l, nil
}

func openDemo(ctx context.Context, o DemoOptions, port int) (*Program, *DemoGuide, error) {
	fresh, err := demoFolder(o.Data)
	if err != nil {
		return nil, nil, err
	}
	root, err := demoKey(ctx, filepath.Join(o.Data, "key", "root.key"))
	if err != nil {
		return nil, nil, err
	}
	authority, err := OpenAuthority(filepath.Join(o.Data, "authority"))
	if err != nil {
		return nil, nil, err
	}
	kept := mail.NewKept()
	origin := func(host string) string { return "https://" + net.JoinHostPort(host, strconv.Itoa(port)) }
	site, err := shop.New(origin(demoSubdomain + "." + demoDomain))
	if err != nil {
		return nil, nil, err
	}
	plan := Plan{
		Domain: demoDomain, Port: port, Roots: vault.Fixed{vault.RootFile: {Root: root}}, NewRoot: vault.RootFile, Mailer: kept, Log: o.Log,
		Database:     db.Options{SQLite: filepath.Join(o.Data, "data", "parlatory.db")},
		Hosts:        map[string]http.Handler{demoShop: site, demoMail: MailPage(kept)},
		Certificates: func(func(context.Context, string) bool) (front.Certificates, error) { return authority, nil },
	}
	if plan.Blobs, err = blob.OpenDisk(filepath.Join(o.Data, "data", "files")); err != nil {
		return nil, nil, err
	}
	p, err := Open(ctx, plan)
	if err != nil {
		return nil, nil, err
	}
	guide := &DemoGuide{
		SignUp: origin(demoDomain) + "/", Workspace: origin(demoSubdomain+"."+demoDomain) + "/", Shop: origin(demoShop) + "/", Mail: origin(demoMail) + "/",
		Authority: authority.PEMPath(), Pin: authority.Pin(),
	}
	if guide.People, err = demoPeople(ctx, p, kept, o, fresh, origin(demoShop)); err != nil {
		return nil, nil, errors.Join(err, p.close(), p.closeStores())
	}
	return p, guide, nil
}

// demoFolder prepares the data folder. A folder whose seeding was cut short holds nothing of anybody: it is begun anew.
// A folder that holds anything else is refused.
func demoFolder(data string) (fresh bool, err error) {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return false, fmt.Errorf("data folder: %w", err)
	}
	if _, err := os.Stat(filepath.Join(data, peopleFile)); err == nil {
		return false, nil
	}
	entries, err := os.ReadDir(data)
	if err != nil {
		return false, fmt.Errorf("data folder: %w", err)
	}
	for _, e := range entries {
		switch e.Name() {
		case "key", "authority", "data":
			if e.Name() == "data" {
				if err := os.RemoveAll(filepath.Join(data, "data")); err != nil {
					return false, fmt.Errorf("data folder: %w", err)
				}
			}
		default:
			return false, fmt.Errorf("%s holds files that are not the demo's: choose an empty folder with --data", data)
		}
	}
	return true, os.MkdirAll(filepath.Join(data, "data"), 0o700)
}

func demoKey(ctx context.Context, path string) (vault.Root, error) {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, fmt.Errorf("key folder: %w", err)
		}
		if err := vault.CreateKeyFile(path, nil); err != nil {
			return nil, fmt.Errorf("make key file: %w", err)
		}
	}
	return vault.OpenKeyFile(ctx, vault.KeyFile{Path: path})
}

const peopleFile = "people.json"

// demoPeople reads the sample staff, or seeds the workspace and writes them down: the passwords open sample data only.
func demoPeople(ctx context.Context, p *Program, kept *mail.Kept, o DemoOptions, fresh bool, shopOrigin string) ([]DemoPerson, error) {
	path := filepath.Join(o.Data, peopleFile)
	if !fresh {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", peopleFile, err)
		}
		var kept demoKept
		if err := json.Unmarshal(b, &kept); err != nil {
			return nil, fmt.Errorf("%s is damaged: remove the folder to begin anew: %w", peopleFile, err)
		}
		if kept.Shop != shopOrigin {
			return nil, fmt.Errorf("this folder's demo listens at %s: give that port with --listen, or choose another folder with --data", kept.Shop)
		}
		return kept.People, nil
	}
	s := &seeder{Program: p, kept: kept, random: demoRandom(o.Seed), site: shopOrigin}
	if err := s.sow(ctx); err != nil {
		return nil, fmt.Errorf("seed the sample workspace: %w", err)
	}
	b, err := json.MarshalIndent(demoKept{shopOrigin, s.people}, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(path+".new", b, 0o600); err != nil {
		return nil, fmt.Errorf("write %s: %w", peopleFile, err)
	}
	return s.people, os.Rename(path+".new", path)
}

// demoKept is the file of the demo's own: the port is a part of the shop's listed origin, so it stays.
type demoKept struct {
	Shop   string       `json:"shop"`
	People []DemoPerson `json:"people"`
}

func printGuide(o DemoOptions, g *DemoGuide) error {
	if o.JSON {
		return json.NewEncoder(o.Out).Encode(g)
	}
	_, err := fmt.Fprintf(o.Out, `Parlatory is running on this machine, with sample data. Ctrl-C stops it; the data stays in %s.

First, trust its certificate (made here, valid for these names only), in one of three ways:
  - Chromium or Chrome:  chromium --user-data-dir=/tmp/parlatory --ignore-certificate-errors-spki-list=%s
  - or import %s as an authority in the browser's settings (certificates, authorities)
  - or click through the browser's warning at each of the addresses below

Then, in this order:
  1. %s   sign in as %s, password %s
  2. %s   the sample company's site, in another window: open the chat and ask something
  3. back in 1: pick the question up, answer, watch both sides
  4. %s   every mail that the server sends: invite somebody under Administration, Staff
  5. %s   sign up a company of your own

The sample staff:
`, o.Data, g.Pin, g.Authority, g.Workspace, g.People[0].Email, g.People[0].Password, g.Shop, g.Mail, g.SignUp)
	for _, person := range g.People {
		if err == nil {
			_, err = fmt.Fprintf(o.Out, "  %-14s %-14s %-26s %s\n", person.Name, person.Role, person.Email, person.Password)
		}
	}
	return err
}
