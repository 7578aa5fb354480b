package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"parlatory"
	"parlatory/internal/domain/keys"
)

// keyServerFile is the file of `keys server`, TOML or JSON: what the API takes, but for secrets, which stand in files of their own. Their paths
// go from the folder of this one.
type keyServerFile struct {
	Server       keyServerFields `toml:"server" json:"server"`
	GraceSeconds *int            `toml:"grace_seconds" json:"grace_seconds"`
	RotateDays   *int            `toml:"rotate_days" json:"rotate_days"`
}

type keyServerFields struct {
	Address            string `toml:"address" json:"address"`
	Namespace          string `toml:"namespace" json:"namespace"`
	Mount              string `toml:"mount" json:"mount"`
	Key                string `toml:"key" json:"key"`
	CA                 string `toml:"ca" json:"ca"`
	AuthMount          string `toml:"auth_mount" json:"auth_mount"`
	RoleID             string `toml:"role_id" json:"role_id"`
	SecretIDFile       string `toml:"secret_id_file" json:"secret_id_file"`
	Certificate        string `toml:"certificate" json:"certificate"`
	CertificateKeyFile string `toml:"certificate_key_file" json:"certificate_key_file"`
}

// keyServerMost bounds each of the files, in bytes.
const keyServerMost = 128 << 10

// readKeyServer reads the file. No error shows a secret.
func readKeyServer(path string) (r keys.Reconnection, err error) {
	text, err := readSmall(path)
	if err != nil {
		return r, err
	}
	var f keyServerFile
	if strings.EqualFold(filepath.Ext(path), ".json") {
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		err = d.Decode(&f)
	} else {
		err = toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields().Decode(&f)
	}
	if err != nil {
		return r, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	v := f.Server
	r = keys.Reconnection{GraceSeconds: f.GraceSeconds, RotateDays: f.RotateDays, Server: keys.Server{
		Address: v.Address, Namespace: v.Namespace, Mount: v.Mount, Key: v.Key, CA: v.CA, AuthMount: v.AuthMount, RoleID: v.RoleID, Certificate: v.Certificate,
	}}
	for _, s := range []struct {
		file string
		to   *parlatory.Secret
	}{{v.SecretIDFile, &r.Server.SecretID}, {v.CertificateKeyFile, &r.Server.CertificateKey}} {
		if s.file == "" {
			continue // what is stored stays, if it goes to the same place
		}
		if !filepath.IsAbs(s.file) {
			s.file = filepath.Join(filepath.Dir(path), s.file)
		}
		secret, err := readSmall(s.file)
		if err != nil {
			return r, err
		}
		*s.to = parlatory.NewSecret(strings.TrimSpace(string(secret)))
	}
	return r, nil
}

func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // the operator's own file
	if err != nil {
		return nil, fmt.Errorf("%s cannot be opened", filepath.Base(path))
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, keyServerMost+1))
	if err != nil || len(b) > keyServerMost {
		return nil, fmt.Errorf("%s cannot be read or is too large", filepath.Base(path))
	}
	return b, nil
}

// ReconnectKeys sets the way to a workspace's own key server, for a customer who can't sign in any more because it has changed.
func (o Operation) ReconnectKeys(ctx context.Context, name, file string) (said string, err error) {
	to, err := readKeyServer(file)
	if err != nil {
		return "", err
	}
	err = o.beside(ctx, func(p *Program) error {
		ws, err := p.place(ctx, name)
		if err != nil {
			return err
		}
		if err := o.Ask("Have " + name + " ask for its key at " + to.Server.Address + " from now on? It must be the key that wraps it already. Its audit log says so."); err != nil {
			return err
		}
		if err := p.Rooms.Keys.Reconnect(ctx, operator("keys server"), ws, to, o.Reason); err != nil {
			return spelledOut(err)
		}
		said = name + " asks for its key there. A running server opens it within some seconds."
		return nil
	})
	return said, err
}

// spelledOut tells which fields are wrong.
func spelledOut(err error) error {
	var e *parlatory.Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		return err
	}
	all := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		all[i] = f.Name + " " + f.Reason
	}
	return errors.New(strings.Join(all, "; "))
}
