package s3

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/minio/minio-go/v7"

	"parlatory"
	"parlatory/internal/storage/blob"
)

// window is what one request reads: some segments of a sealed stream at a time.
const window = 1 << 20

// Open is blob.Store's.
func (s *Store) Open(ctx context.Context, name string) (blob.Blob, error) {
	if err := blob.CheckName(name); err != nil {
		return nil, err
	}
	within, cancel := context.WithTimeout(ctx, brief)
	defer cancel()
	info, err := s.stat(within, name)
	if errors.Is(err, blob.ErrNone) {
		// The answer to HEAD has no body that could say whether it is the bucket that is missing.
		if there, fault := s.client.BucketExists(within, s.bucket); fault != nil || !there {
			err = failed(ctx, "look for bucket", fault)
		}
	}
	if err != nil {
		return nil, err
	}
	return &body{ctx: ctx, s: s, key: s.prefix + name, etag: info.ETag, size: info.Size}, nil
}

// body is one object of one ETag: were it replaced, its reads would fail.
type body struct {
	ctx  context.Context
	s    *Store
	key  string
	etag string
	size int64

	mu   sync.Mutex
	buf  []byte // the window that begins at from
	from int64
}

func (b *body) Size() int64 { return b.size }

func (b *body) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.buf = nil
	return nil
}

// ReadAt serves many goroutines, which wait for each other.
func (b *body) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errors.New("s3: offset below zero")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(p) > 0 {
		if err := b.ctx.Err(); err != nil {
			return n, err
		}
		if off >= b.size {
			return n, io.EOF
		}
		if off < b.from || off >= b.from+int64(len(b.buf)) {
			if err := b.load(off - off%window); err != nil {
				return n, err
			}
		}
		c := copy(p, b.buf[off-b.from:])
		n, off, p = n+c, off+int64(c), p[c:]
	}
	return n, nil
}

func (b *body) load(from int64) error {
	within, cancel := forBody(b.ctx, window)
	defer cancel()
	size := min(window, b.size-from)
	var opts minio.GetObjectOptions
	if err := errors.Join(opts.SetRange(from, from+size-1), opts.SetMatchETag(b.etag)); err != nil {
		return parlatory.Internal("range of a blob", err)
	}
	in, _, _, err := b.s.core.GetObject(within, b.s.bucket, b.key, opts)
	if err != nil {
		return failed(b.ctx, "read blob", err)
	}
	defer in.Close()
	buf := make([]byte, size)
	b.buf = nil
	if _, err := io.ReadFull(in, buf); err != nil {
		return failed(b.ctx, "read blob", err)
	}
	b.buf, b.from = buf, from
	return nil
}
