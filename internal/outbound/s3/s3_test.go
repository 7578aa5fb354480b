package s3

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/storage/blob"
	"parlatory/internal/storage/blob/blobtest"
	server "parlatory/test/s3"
)

func options(t *testing.T) Options {
	t.Helper()
	endpoint, bucket := server.Start(t)
	return Options{Endpoint: endpoint, Region: server.Region, Bucket: bucket, Prefix: "files/", AccessKey: server.AccessKey, SecretKey: parlatory.NewSecret(server.SecretKey), PathStyle: true}
}

func open(t *testing.T, o Options) *Store {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestS3(t *testing.T) {
	blobtest.Conform(t, func(t *testing.T) blob.Store { return open(t, options(t)) })
}

// Bodies of several parts are whole or not there, and replace nothing either.
func TestS3Multipart(t *testing.T) {
	s := open(t, options(t))
	large := bytes.Repeat([]byte("0123456789abcdef"), (2*partSize+5)/16+1)
	blobtest.Put(t, s, "large", large)
	if got, err := blobtest.Get(t, s, "large"); err != nil || !bytes.Equal(got, large) {
		t.Fatal(len(got), err)
	}
	for what, size := range map[string]int64{"longer": int64(len(large)) - 1, "shorter": int64(len(large)) + 1} {
		if err := s.Put(t.Context(), "wrong", bytes.NewReader(large), size); !errors.Is(err, blob.ErrSize) {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := s.Open(t.Context(), "wrong"); !errors.Is(err, blob.ErrNone) {
			t.Errorf("%s: %v", what, err)
		}
	}
	// The last request of an upload in parts has the condition, too: a writer that began before the other ended loses.
	began := strings.NewReader("x")
	slow := readerFunc(func(p []byte) (int, error) {
		if began.Len() > 0 {
			blobtest.Put(t, s, "contended", []byte("first"))
			began.Reset("")
		}
		return len(p), nil
	})
	if err := s.Put(t.Context(), "contended", io.LimitReader(slow, int64(len(large))), int64(len(large))); !errors.Is(err, blob.ErrTaken) {
		t.Error(err)
	}
	if got, err := blobtest.Get(t, s, "contended"); err != nil || string(got) != "first" {
		t.Error(len(got), err)
	}
}

// Two prefixes in one bucket do not see each other.
func TestS3Prefix(t *testing.T) {
	o := options(t)
	one := open(t, o)
	o.Prefix = "files2/"
	two := open(t, o)
	blobtest.Put(t, one, "a", []byte("x"))
	if _, err := two.Open(t.Context(), "a"); !errors.Is(err, blob.ErrNone) {
		t.Error(err)
	}
	if items, err := two.List(t.Context(), "", "", 0); err != nil || len(items) != 0 {
		t.Error(items, err)
	}
}

// What goes wrong is said without addresses, names and keys, and is never taken for an absent body.
func TestS3Faults(t *testing.T) {
	good := options(t)
	blobtest.Put(t, open(t, good), "there", []byte("x"))
	for what, change := range map[string]func(*Options){
		"wrong key": func(o *Options) { o.SecretKey = parlatory.NewSecret("wrong-secret") },
		"no bucket": func(o *Options) { o.Bucket = "no-such-bucket" },
		"out of reach": func(o *Options) {
			o.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("127.0.0.1 refused") }
		},
	} {
		o := good
		change(&o)
		s := open(t, o)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		_, opened := s.Open(ctx, "there")
		_, listed := s.List(ctx, "", "", 0)
		for did, err := range map[string]error{"open": opened, "list": listed, "put": s.Put(ctx, "new", strings.NewReader("x"), 1), "delete": s.Delete(ctx, "there")} {
			if what == "no bucket" && did == "delete" && err == nil {
				continue
			}
			if parlatory.KindOf(err) != parlatory.KindUnavailable || errors.Is(err, blob.ErrNone) {
				t.Errorf("%s, %s: %v", what, did, err)
				continue
			}
			for _, word := range []string{"127.0.0.1", "there", "files/", server.SecretKey, o.Bucket} {
				if strings.Contains(err.Error(), word) {
					t.Errorf("%s, %s: the error says %q: %v", what, did, word, err)
				}
			}
		}
		cancel()
	}
}

func TestS3Options(t *testing.T) {
	good := Options{Endpoint: "https://s3.example", Bucket: "bucket", AccessKey: "key", SecretKey: parlatory.NewSecret("secret")}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*Options){
		"http elsewhere": func(o *Options) { o.Endpoint = "http://s3.example" }, "no scheme": func(o *Options) { o.Endpoint = "s3.example" }, "a path": func(o *Options) { o.Endpoint = "https://s3.example/x" },
		"a user": func(o *Options) { o.Endpoint = "https://u:p@s3.example" }, "prefix without a slash": func(o *Options) { o.Prefix = "files" }, "prefix upwards": func(o *Options) { o.Prefix = "../" },
		"no bucket": func(o *Options) { o.Bucket = "" }, "no key": func(o *Options) { o.AccessKey = "" }, "no secret": func(o *Options) { o.SecretKey = parlatory.Secret{} },
		"no roots": func(o *Options) { o.CAFile = "/nowhere/roots.pem" },
	} {
		o := good
		change(&o)
		if _, err := New(o); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// Over TLS bodies are sent in another way, and only to a server that the roots vouch for.
func TestS3TLS(t *testing.T) {
	o := options(t)
	behind, err := url.Parse(o.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewTLSServer(httputil.NewSingleHostReverseProxy(behind))
	defer front.Close()
	o.Endpoint = front.URL
	if err := open(t, o).Put(t.Context(), "a", strings.NewReader("x"), 1); parlatory.KindOf(err) != parlatory.KindUnavailable {
		t.Error("a server of unknown roots:", err)
	}
	o.CAFile = filepath.Join(t.TempDir(), "roots.pem")
	roots := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: front.Certificate().Raw})
	if err := os.WriteFile(o.CAFile, roots, 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, o)
	for name, size := range map[string]int{"empty": 0, "small": 100_000, "large": partSize + 1} {
		body := bytes.Repeat([]byte("x"), size)
		for what, said := range map[string]int{"longer": size - 1, "shorter": size + 1} {
			if err := s.Put(t.Context(), name, bytes.NewReader(body), int64(said)); !errors.Is(err, blob.ErrSize) {
				t.Errorf("%s, %s: %v", name, what, err)
			}
			if _, err := s.Open(t.Context(), name); !errors.Is(err, blob.ErrNone) {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
		blobtest.Put(t, s, name, body)
		if err := s.Put(t.Context(), name, bytes.NewReader(body), int64(size)); !errors.Is(err, blob.ErrTaken) {
			t.Error(name, err)
		}
		if got, err := blobtest.Get(t, s, name); err != nil || !bytes.Equal(got, body) {
			t.Error(name, len(got), err)
		}
	}
}
