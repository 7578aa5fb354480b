package app

import (
	"context"
	"io"

	"parlatory"
	"parlatory/internal/config"
	"parlatory/internal/domain/archive"
	"parlatory/internal/domain/file"
	"parlatory/internal/outbound/clamav"
	"parlatory/internal/outbound/s3"
	"parlatory/internal/storage/blob"
	"parlatory/internal/storage/db"
)

// storesOf opens where files are kept, and the scanner, if there is to be one.
func storesOf(plan *Plan, c *config.Config) (err error) {
	if a := c.Files.ClamAV; a.Address != "" {
		if plan.Scanner, err = clamav.New(clamav.Options{Address: a.Address, Remote: a.Remote, MaxBytes: c.Files.MaxBytes}); err != nil {
			return err
		}
	}
	s := c.Files.S3
	if s.Endpoint == "" {
		plan.Blobs, err = blob.OpenDisk(c.Files.Folder)
		return err
	}
	plan.Blobs, err = s3.New(s3.Options{
		Endpoint: s.Endpoint, Region: s.Region, Bucket: s.Bucket, Prefix: s.Prefix, AccessKey: s.AccessKey, SecretKey: s.SecretKey, CAFile: s.CAFile, PathStyle: s.PathStyle,
	})
	return err
}

// contactFiles are the files of a contact, as an export and an erasure ask for them.
type contactFiles struct{ room *file.Room }

var _ archive.Files = contactFiles{}

func (f contactFiles) Export(ctx context.Context, ws parlatory.WorkspaceID, contact parlatory.ContactID, fn func(name, mediaType string, size int64, r io.Reader) error) error {
	return f.room.Export(ctx, ws, contact, func(one file.File, content io.Reader) error {
		return fn(one.Name, string(one.Type), one.Size, content)
	})
}

func (f contactFiles) Count(tx *db.Tx, contact parlatory.ContactID) (int64, error) {
	return f.room.Count(tx, contact)
}

func (f contactFiles) Erase(tx *db.Tx, contact parlatory.ContactID) ([]string, error) {
	return f.room.Erase(tx, contact)
}

// Drop deletes what it can; its error has the archive try again.
func (f contactFiles) Drop(ctx context.Context, folders []string) error {
	return f.room.Remove(ctx, folders...)
}
