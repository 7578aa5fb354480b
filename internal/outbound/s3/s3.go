package s3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"parlatory"
	"parlatory/internal/storage/blob"
)

// Options describe the store.
type Options struct {
	Endpoint  string // https://host[:port]; http for this machine only
	Region    string // default us-east-1
	Bucket    string // must be there already
	Prefix    string // in front of every name, with a slash at its end; may be empty
	AccessKey string
	SecretKey parlatory.Secret
	CAFile    string                                                            // PEM roots; empty: the system's
	PathStyle bool                                                              // bucket in the path rather than in the host's name
	Dial      func(ctx context.Context, network, addr string) (net.Conn, error) // nil: the system's, 10 s
}

// partSize is that of a multipart upload; smaller bodies go in one request. A Put holds so much in memory.
const partSize = 8 << 20

// Store keeps bodies in one bucket.
type Store struct {
	client    *minio.Client
	core      minio.Core
	transport *http.Transport
	bucket    string
	prefix    string
}

var _ blob.Store = (*Store)(nil)

// New checks the options; it connects to nothing yet.
func New(o Options) (*Store, error) {
	u, err := url.Parse(o.Endpoint)
	if err != nil || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return nil, errors.New("s3: endpoint must be https://host")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !here(u.Hostname())) {
		return nil, errors.New("s3: endpoint must be https")
	}
	if o.Prefix != "" && (!strings.HasSuffix(o.Prefix, "/") || blob.CheckName(strings.TrimSuffix(o.Prefix, "/")) != nil) {
		return nil, errors.New("s3: prefix must be of 0-9, a-z, - and slashes, and end in one")
	}
	if o.AccessKey == "" || o.SecretKey.Empty() || o.Bucket == "" {
		return nil, errors.New("s3: bucket, access key and secret key are needed")
	}
	if o.Region == "" {
		o.Region = "us-east-1"
	}
	lookup := minio.BucketLookupDNS
	if o.PathStyle {
		lookup = minio.BucketLookupPath
	}
	s := &Store{bucket: o.Bucket, prefix: o.Prefix}
	if s.transport, err = transport(o); err != nil {
		return nil, err
	}
	s.client, err = minio.New(u.Host, &minio.Options{Creds: credentials.NewStaticV4(o.AccessKey, o.SecretKey.Reveal(), ""), Secure: u.Scheme == "https",
		Transport: s.transport, Region: o.Region, BucketLookup: lookup, MaxRetries: 3})
	if err != nil {
		return nil, errors.New("s3: endpoint, bucket or keys are not of the right form")
	}
	s.core = minio.Core{Client: s.client}
	return s, nil
}

// here holds for this very machine.
func here(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.Unmap().IsLoopback()
}

func transport(o Options) (*http.Transport, error) {
	if o.Dial == nil {
		o.Dial = (&net.Dialer{Timeout: 10 * time.Second}).DialContext
	}
	t := &http.Transport{DialContext: o.Dial, TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: time.Minute, IdleConnTimeout: time.Minute, MaxIdleConnsPerHost: 16,
		DisableCompression: true, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}}
	if o.CAFile != "" {
		pem, err := os.ReadFile(o.CAFile)
		if err != nil {
			return nil, fmt.Errorf("s3: roots: %w", err)
		}
		t.TLSClientConfig.RootCAs = x509.NewCertPool()
		if !t.TLSClientConfig.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("s3: roots hold no certificate")
		}
	}
	return t, nil
}

// Close drops the connections that are open without use.
func (s *Store) Close() { s.transport.CloseIdleConnections() }

// Times for a request without a body to speak of, and for one more byte of a body at the slowest.
const (
	brief   = time.Minute
	slowest = 64 << 10 // bytes a second
)

func forBody(ctx context.Context, size int64) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, brief+time.Duration(size/slowest)*time.Second)
}

// failed turns the store's answer into ours.
func failed(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled) {
		return fmt.Errorf("%s: %w", what, context.Cause(ctx))
	}
	answer := minio.ToErrorResponse(err)
	code := "no connection"
	if answer.StatusCode != 0 {
		code = fmt.Sprint("status ", answer.StatusCode)
	}
	switch {
	case answer.Code == "NoSuchKey":
		return fmt.Errorf("%s: %w", what, blob.ErrNone)
	case answer.StatusCode == http.StatusPreconditionFailed:
		return fmt.Errorf("%s: %w", what, blob.ErrTaken)
	case answer.StatusCode == http.StatusInsufficientStorage || answer.Code == "QuotaExceeded" || answer.Code == "XMinioStorageFull":
		return blob.Full(fmt.Errorf("%s: %s", what, code))
	}
	return parlatory.Fail(parlatory.KindUnavailable, "The store for files is out of reach. Please try again later.").Because(fmt.Errorf("%s: %s", what, code))
}

// source remembers its own error, which the client would wrap in words with addresses.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// Put is blob.Store's.
func (s *Store) Put(ctx context.Context, name string, r io.Reader, size int64) error {
	if err := blob.CheckName(name); err != nil {
		return err
	}
	if size < 0 {
		return fmt.Errorf("put blob: %w", blob.ErrSize)
	}
	within, cancel := forBody(ctx, size)
	defer cancel()
	if _, err := s.stat(within, name); err == nil {
		return fmt.Errorf("put blob: %w", blob.ErrTaken)
	} else if !errors.Is(err, blob.ErrNone) {
		return err
	}
	body := &source{r: blob.Exactly(within, r, size)}
	send := s.whole
	if size > partSize {
		send = s.parts
	}
	err := send(within, s.prefix+name, body, size)
	switch {
	case body.err != nil:
		return fmt.Errorf("put blob: %w", body.err)
	case err == nil:
		return nil
	}
	if minio.ToErrorResponse(err).StatusCode == http.StatusConflict { // another writer at this moment
		if _, there := s.stat(within, name); there == nil {
			return fmt.Errorf("put blob: %w", blob.ErrTaken)
		}
	}
	return failed(ctx, "put blob", err)
}

// unlessThere makes a request fail where the name has a body.
func unlessThere() minio.PutObjectOptions {
	o := minio.PutObjectOptions{ContentType: "application/octet-stream", DisableMultipart: true}
	o.SetMatchETagExcept("*")
	return o
}

// read takes the next n bytes into memory, and gives their hash. A request of bytes that are known is signed with its content:
// a store can't take half of one for the whole, and it can be sent again.
func read(r io.Reader, n int64) (body *bytes.Reader, hash string, err error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, "", err
	}
	sum := sha256.Sum256(b)
	return bytes.NewReader(b), hex.EncodeToString(sum[:]), nil
}

func (s *Store) whole(ctx context.Context, key string, r io.Reader, size int64) error {
	body, hash, err := read(r, size)
	if err != nil {
		return err
	}
	if size == 0 { // what follows was not looked for yet
		if _, err := io.Copy(io.Discard, r); err != nil {
			return err
		}
	}
	_, err = s.core.PutObject(ctx, s.bucket, key, body, size, "", hash, unlessThere())
	return err
}

// parts sends a large body in parts. The condition stands in the last request, which the client's own way of doing this would
// leave out. What a process that is killed here leaves in the store is no body, but takes room until the bucket's own rule
// for unfinished uploads removes it.
func (s *Store) parts(ctx context.Context, key string, r io.Reader, size int64) (err error) {
	id, err := s.core.NewMultipartUpload(ctx, s.bucket, key, minio.PutObjectOptions{ContentType: "application/octet-stream"})
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), brief)
			defer cancel()
			_ = s.core.AbortMultipartUpload(end, s.bucket, key, id) // the first error counts
		}
	}()
	// At most 10,000 parts (S3's limit).
	each := max(partSize, (size+9_999)/10_000)
	var all []minio.CompletePart
	for left := size; left > 0; left -= each {
		n := min(each, left)
		body, hash, err := read(r, n)
		if err != nil {
			return err
		}
		p, err := s.core.PutObjectPart(ctx, s.bucket, key, id, len(all)+1, body, n, minio.PutObjectPartOptions{Sha256Hex: hash})
		if err != nil {
			return err
		}
		all = append(all, minio.CompletePart{PartNumber: p.PartNumber, ETag: p.ETag})
	}
	_, err = s.core.CompleteMultipartUpload(ctx, s.bucket, key, id, all, unlessThere())
	return err
}

func (s *Store) stat(ctx context.Context, name string) (minio.ObjectInfo, error) {
	info, err := s.client.StatObject(ctx, s.bucket, s.prefix+name, minio.StatObjectOptions{})
	if err != nil {
		err = failed(ctx, "look for blob", err)
	}
	return info, err
}

// Delete is blob.Store's.
func (s *Store) Delete(ctx context.Context, name string) error {
	if err := blob.CheckName(name); err != nil {
		return err
	}
	within, cancel := context.WithTimeout(ctx, brief)
	defer cancel()
	err := s.client.RemoveObject(within, s.bucket, s.prefix+name, minio.RemoveObjectOptions{})
	if err == nil || minio.ToErrorResponse(err).Code == "NoSuchKey" {
		return nil
	}
	return failed(ctx, "delete blob", err)
}

// List is blob.Store's. What stands in the bucket under no name of ours is passed over.
func (s *Store) List(ctx context.Context, prefix, after string, limit int) ([]blob.Item, error) {
	if limit <= 0 || limit > blob.MaxList {
		limit = blob.MaxList
	}
	within, cancel := context.WithTimeout(ctx, brief)
	defer cancel()
	opts := minio.ListObjectsOptions{Prefix: s.prefix + prefix, Recursive: true, MaxKeys: limit}
	if after != "" {
		opts.StartAfter = s.prefix + after
	}
	var items []blob.Item
	for o := range s.client.ListObjectsIter(within, s.bucket, opts) {
		if o.Err != nil {
			return nil, failed(ctx, "list blobs", o.Err)
		}
		name := strings.TrimPrefix(o.Key, s.prefix)
		if blob.CheckName(name) != nil || name <= after {
			continue
		}
		if items = append(items, blob.Item{Name: name, Size: o.Size, At: o.LastModified.UTC()}); len(items) == limit {
			break
		}
	}
	if err := within.Err(); err != nil {
		return nil, failed(ctx, "list blobs", err)
	}
	return items, nil
}
