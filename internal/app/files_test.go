package app

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"parlatory"
	"parlatory/internal/config"
	"parlatory/internal/storage/blob"
	"parlatory/test/clamav"
	"parlatory/test/s3"
)

// The folder, and the real store and scanner, by way of a configuration.
func TestStoresOfAConfiguration(t *testing.T) {
	endpoint, bucket := s3.Start(t)
	c := config.Default()
	c.Files.Folder = t.TempDir()
	folder := Plan{}
	if err := storesOf(&folder, c); err != nil || folder.Scanner != nil {
		t.Fatal(err)
	}
	c.Files.S3 = config.S3{Endpoint: endpoint, Region: s3.Region, Bucket: bucket, AccessKey: s3.AccessKey, SecretKey: parlatory.NewSecret(s3.SecretKey), PathStyle: true}
	c.Files.ClamAV.Address = "unix:" + strings.TrimPrefix(clamav.Start(t), "unix:")
	remote := Plan{}
	if err := storesOf(&remote, c); err != nil {
		t.Fatal(err)
	}
	for what, store := range map[string]blob.Store{"folder": folder.Blobs, "s3": remote.Blobs} {
		if err := store.Put(t.Context(), "f/a/1", strings.NewReader("sealed"), 6); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		b, err := store.Open(t.Context(), "f/a/1")
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		text := make([]byte, 6)
		if _, err := b.ReadAt(text, 0); err != nil && !errors.Is(err, io.EOF) || !bytes.Equal(text, []byte("sealed")) {
			t.Errorf("%s: %q, %v", what, text, err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	if v, err := remote.Scanner.Scan(t.Context(), strings.NewReader(clamav.EICAR())); err != nil || v.Clean {
		t.Errorf("the test file of the scanners: %+v, %v", v, err)
	}
	if v, err := remote.Scanner.Scan(t.Context(), strings.NewReader("hello")); err != nil || !v.Clean {
		t.Errorf("a greeting: %+v, %v", v, err)
	}
}
