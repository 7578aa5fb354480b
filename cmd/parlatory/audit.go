package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"parlatory/internal/domain/archive"
	"parlatory/internal/storage/ledger"
)

type auditCommand struct {
	Verify verifyCommand `cmd:"" help:"Check an export of the audit log, without the server."`

	VerifyCertificate verifyCertificateCommand `cmd:"" name:"verify-certificate" help:"Check the certificate of an erasure, without the server."`
}

type verifyCertificateCommand struct {
	File string `arg:"" help:"Certificate, as the list of erasures gives it."`
	Key  string `required:"" placeholder:"KEY" help:"The verifier key of the workspace's archive: an entry of its audit log has it (Archive key)."`
}

// Run verifies a certificate.
func (c *verifyCertificateCommand) Run(s *surroundings) error {
	signed, err := readSmall(c.File)
	if err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	found, err := archive.VerifyCertificate(signed, strings.TrimSpace(c.Key))
	if err != nil {
		return fmt.Errorf("%s is not what was signed: %w", c.File, err)
	}
	_, err = fmt.Fprintf(s.out, "sound: signed by %s\n\n%s", found.Signer, found.Text)
	return err
}

type verifyCommand struct {
	File       string `arg:"" help:"Export, as the audit page gives it (JSON Lines)."`
	Key        string `placeholder:"KEY" help:"The log's verifier key, as noted down earlier. Without it the export's own is taken, which proves that the export agrees with itself only."`
	Checkpoint string `placeholder:"FILE" help:"A checkpoint that was kept elsewhere: nothing up to it may have changed."`
}

// Run verifies an export.
func (c *verifyCommand) Run(s *surroundings) error {
	var known []ledger.Known
	if c.Key != "" || c.Checkpoint != "" {
		k := ledger.Known{Verifier: strings.TrimSpace(c.Key)}
		if c.Checkpoint != "" {
			text, err := readSmall(c.Checkpoint)
			if err != nil {
				return fmt.Errorf("checkpoint: %w", err)
			}
			k.Checkpoint = text
		}
		known = append(known, k)
	}
	f, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	defer f.Close()
	r, err := ledger.Verify(f, known...)
	if err != nil {
		return fmt.Errorf("%s is not what was signed: %w", c.File, err)
	}
	return report(s.out, r)
}

func report(w io.Writer, r ledger.Report) error {
	lines := []string{
		"sound: every entry is as it was signed",
		"log:         " + r.Origin,
		"key:         " + r.Verifier,
		fmt.Sprintf("entries:     %d, in %d signed heads", r.Entries, r.Heads),
	}
	if r.Entries > 0 {
		lines = append(lines, "from, to:    "+r.From.UTC().Format(time.RFC3339)+", "+r.To.UTC().Format(time.RFC3339))
	}
	if r.Erased > 0 {
		lines = append(lines, fmt.Sprintf("erased:      %d entries about contacts or persons whose values are gone; that they stood there is proved", r.Erased))
	}
	if !r.Pinned {
		lines = append(lines, "note:        the key was taken from the export itself; give --key to prove who signed")
	}
	if r.Earlier {
		lines = append(lines, "checkpoint:  nothing up to it has changed")
	}
	_, err := fmt.Fprintln(w, strings.Join(lines, "\n"))
	return err
}

// readSmall reads a text file of at most 64 KiB.
func readSmall(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 64<<10+1))
	if err == nil && len(b) > 64<<10 {
		err = errors.New("is larger than a checkpoint can be")
	}
	return string(b), err
}
