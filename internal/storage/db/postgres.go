package db

import (
	"context"
	"errors"

	"parlatory/internal/guard/access"
)

type cluster struct{}

var errSoon = errors.New("postgres is not wired yet")

func (d *DB) openPostgres(context.Context, Options) error { return errSoon }
func (d *DB) closePostgres() error                        { return errSoon }

func (c *cluster) write(context.Context, access.Permit, func(*Tx) error) error { return errSoon }
func (c *cluster) read(context.Context, access.Permit, func(*Tx) error) error  { return errSoon }
func (c *cluster) ping(context.Context) error                                  { return errSoon }
