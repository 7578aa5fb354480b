package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/go-hclog"
	"github.com/openbao/openbao/builtin/credential/approle"
	"github.com/openbao/openbao/builtin/credential/cert"
	kubernetes "github.com/openbao/openbao/builtin/credential/kubernetes"
	"github.com/openbao/openbao/builtin/logical/database"
	"github.com/openbao/openbao/builtin/logical/transit"
	"github.com/openbao/openbao/plugins/database/postgresql"
	"github.com/openbao/openbao/sdk/v2/helper/consts"
	"github.com/openbao/openbao/sdk/v2/logical"
	"github.com/openbao/openbao/sdk/v2/physical/file"
	"github.com/openbao/openbao/vault"
)

func newCore(ctx context.Context, folder string, sealed bool) (*vault.Core, error) {
	logger := hclog.New(&hclog.LoggerOptions{Name: "openbao", Level: hclog.Warn, Output: os.Stderr})
	store, err := file.NewFileBackend(map[string]string{"path": filepath.Join(folder, "store")}, logger)
	if err != nil {
		return nil, err
	}
	core, err := vault.NewCore(&vault.CoreConfig{
		Physical: store, StorageType: "file", Logger: logger, DisableCache: true, BuiltinRegistry: plugins{},
		LogicalBackends:    map[string]logical.Factory{"transit": transit.Factory, "database": database.Factory},
		CredentialBackends: map[string]logical.Factory{"approle": approle.Factory, "cert": cert.Factory, "kubernetes": kubernetes.Factory},
	})
	if err != nil {
		return nil, err
	}
	known, err := core.Initialized(ctx)
	if err != nil {
		return nil, err
	}
	if !known {
		if err := initialise(ctx, core, folder); err != nil {
			return nil, err
		}
	}
	if sealed {
		return core, nil
	}
	return core, unseal(core, folder)
}

// initialise makes the one unseal key and the root token. The key is written before anything relies on it.
func initialise(ctx context.Context, core *vault.Core, folder string) error {
	made, err := core.Initialize(ctx, &vault.InitParams{BarrierConfig: &vault.SealConfig{SecretShares: 1, SecretThreshold: 1}, RecoveryConfig: &vault.SealConfig{}})
	if err != nil {
		return fmt.Errorf("initialise: %w", err)
	}
	if len(made.SecretShares) != 1 {
		return errors.New("initialise: not one unseal key")
	}
	return errors.Join(
		os.WriteFile(filepath.Join(folder, "unseal.key"), []byte(hex.EncodeToString(made.SecretShares[0])), 0o600),
		os.WriteFile(filepath.Join(folder, "root.token"), []byte(made.RootToken), 0o600),
	)
}

func unseal(core *vault.Core, folder string) error {
	text, err := os.ReadFile(filepath.Join(folder, "unseal.key"))
	if err != nil {
		return err
	}
	key, err := hex.DecodeString(string(text))
	if err != nil {
		return errors.New("unseal key is not hexadecimal")
	}
	open, err := core.Unseal(key)
	if err == nil && !open {
		err = errors.New("still sealed")
	}
	return err
}

// plugins is what the server finds built in.
type plugins struct{}

const postgres = "postgresql-database-plugin"

func (plugins) Contains(name string, kind consts.PluginType) bool {
	return kind == consts.PluginTypeDatabase && name == postgres
}

func (p plugins) Get(name string, kind consts.PluginType) (func() (interface{}, error), bool) {
	return postgresql.New, p.Contains(name, kind)
}

func (plugins) Keys(kind consts.PluginType) []string {
	if kind == consts.PluginTypeDatabase {
		return []string{postgres}
	}
	return nil
}

func (p plugins) DeprecationStatus(name string, kind consts.PluginType) (consts.DeprecationStatus, bool) {
	return consts.Supported, p.Contains(name, kind)
}
