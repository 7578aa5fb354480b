package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is set by the build.
var version = "unknown"

type commands struct {
	Serve    serveCommand    `cmd:"" help:"Run the server."`
	Demo     demoCommand     `cmd:"" help:"Run a sample workspace, site and mailbox on this machine."`
	Config   configCommand   `cmd:"" help:"Describe or check the configuration."`
	Keys     keysCommand     `cmd:"" help:"Make a root key."`
	Account  accountCommand  `cmd:"" help:"Recover or unlock an account, on the server."`
	Security securityCommand `cmd:"" help:"Let staff in again whom their own list of addresses shut out."`
	Audit    auditCommand    `cmd:"" help:"Check exports of the audit log."`
	Backup   backupCommand   `cmd:"" help:"Back up wrapped keys, and put lost ones back."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
	Hasher   hasherCommand   `cmd:"" hidden:"" help:"Make password hashes for a server that starts this by itself."`
}

// surroundings is what a command gets besides its flags.
type surroundings struct {
	ctx      context.Context
	in       io.Reader
	out, err io.Writer
	// apart has the passwords hashed by processes of this very program; what calls run within a program of its own, as a test does,
	// has none to start.
	apart func(*slog.Logger)
}

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, hashApart)) }

const (
	done   = 0
	failed = 1
	usage  = 2
)

// run is the program as a value: arguments in, exit code out.
func run(args []string, in io.Reader, out, errs io.Writer, apart func(*slog.Logger)) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first signal begins a clean stop; after that the default is back, so that a second one ends at once.
	release := context.AfterFunc(ctx, stop)
	defer release()

	helped := false
	parser, err := kong.New(&commands{}, kong.Name("parlatory"),
		kong.Description("A guarded room in which a company speaks with its visitors."),
		kong.Writers(out, errs), kong.Exit(func(int) { helped = true }), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Bind(&surroundings{ctx: ctx, in: in, out: out, err: errs, apart: apart}))
	if err != nil {
		return fail(errs, err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	switch {
	case helped:
		return done
	case err != nil:
		_, _ = fmt.Fprintf(errs, "parlatory: %s (parlatory --help lists the commands)\n", oneLine(err))
		return usage
	}
	if err := command.Run(); err != nil {
		return fail(errs, err)
	}
	return done
}

// several is an error whose lines each name a fault of the configuration.
type several struct{ error }

func fail(w io.Writer, err error) int {
	var lines several
	if errors.As(err, &lines) {
		for line := range strings.Lines(lines.Error() + "\n") {
			_, _ = fmt.Fprintf(w, "parlatory: %s", line)
		}
		return failed
	}
	_, _ = fmt.Fprintf(w, "parlatory: %s\n", oneLine(err))
	return failed
}

func oneLine(err error) string { return strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; ") }

// logTo makes the process log. Times are UTC, and the level and form are the configuration's.
func logTo(w io.Writer, level, format string) *slog.Logger {
	var l slog.Level
	if l.UnmarshalText([]byte(level)) != nil {
		l = slog.LevelInfo
	}
	o := &slog.HandlerOptions{Level: l, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.TimeKey {
			a.Value = slog.TimeValue(a.Value.Time().UTC())
		}
		return a
	}}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}
