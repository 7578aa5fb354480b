package vault

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// KeyFile says where root keys are and how their file is opened. At most one of Passphrase and Command is set.
type KeyFile struct {
	Path       string
	Passphrase func() ([]byte, error) // the caller's copy is cleared after use
	// Command opens a file that another tool, such as a hardware token's, has sealed: it is handed the file's bytes and writes the lines
	// of the clear form into out, which is wiped.
	Command func(ctx context.Context, sealed, out []byte) (int, error)
}

// fileRoot is a Root of a key file. It reads the file again when a key is under one that it does not know, or when it is asked for its
// version: another process may have rotated it.
type fileRoot struct {
	mute
	file KeyFile

	mu    sync.Mutex
	keys  []*wrapper // the newest last
	stamp string     // of the file as it was read
}

func (*fileRoot) local() {}

// OpenKeyFile reads the root keys. A file that group or others may read, or that is no plain file, is refused.
func OpenKeyFile(ctx context.Context, file KeyFile) (Root, error) {
	r := &fileRoot{file: file}
	if _, err := r.load(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// load reads the file if it changed, and reports whether it did.
func (r *fileRoot) load(ctx context.Context) (changed bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f, stamp, err := openOwn(r.file.Path)
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }()
	if stamp == r.stamp {
		return false, nil
	}
	var keys []*wrapper
	erase(func() {
		var raws [][]byte
		if raws, err = r.file.read(ctx, f); err != nil {
			return
		}
		for _, raw := range raws {
			var w *wrapper
			if w, err = newWrapper("root", raw); err != nil {
				return
			}
			keys = append(keys, w)
			clear(raw)
		}
	})
	if err != nil {
		return false, err
	}
	r.keys, r.stamp = keys, stamp
	return true, nil
}

// openOwn opens a plain file that only its owner may read.
func openOwn(path string) (*os.File, string, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, "", fmt.Errorf("open key file: %w", err)
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		return nil, "", fmt.Errorf("key file %s is a link; name the file itself", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, "", fmt.Errorf("open key file: %w", err)
	}
	if info, err = f.Stat(); err != nil {
		return nil, "", errors.Join(fmt.Errorf("open key file: %w", err), f.Close())
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 {
		return nil, "", errors.Join(fmt.Errorf("key file %s has mode %v; only its owner may read it (chmod 600)", path, info.Mode()), f.Close())
	}
	return f, fmt.Sprintf("%d %d", info.Size(), info.ModTime().UnixNano()), nil
}

// read gives the raw keys, the newest last; it must run inside erase.
func (k KeyFile) read(ctx context.Context, r io.Reader) ([][]byte, error) {
	most := max(keyFileSize, lockedSize) * keyFileMost
	b, err := io.ReadAll(io.LimitReader(r, int64(most)+1))
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	defer clear(b)
	switch {
	case k.Command != nil:
		out := make([]byte, keyFileSize*keyFileMost+1)
		defer clear(out)
		n, err := k.Command(ctx, b, out)
		if err != nil {
			return nil, fmt.Errorf("key file's command: %w", err)
		}
		return parseKeys(out[:n])
	case bytes.HasPrefix(b, []byte(lockedHead)):
		if k.Passphrase == nil {
			return nil, errors.New("key file: it stands under a passphrase; name key_passphrase_file, or start on a terminal")
		}
		phrase, err := k.Passphrase()
		if err != nil {
			return nil, fmt.Errorf("key file's passphrase: %w", err)
		}
		defer clear(phrase)
		return unlockKeys(b, phrase)
	}
	return parseKeys(b)
}

// parseKeys must run inside erase.
func parseKeys(b []byte) (all [][]byte, err error) {
	if len(b) == 0 || len(b)%keyFileSize != 0 || len(b) > keyFileSize*keyFileMost {
		return nil, errors.New("key file: not Parlatory root keys of version 1")
	}
	for i := 0; i < len(b); i += keyFileSize {
		raw, err := parseKeyFile(b[i : i+keyFileSize])
		if err != nil {
			return nil, err
		}
		all = append(all, raw)
	}
	return all, nil
}

// writeKeys must run inside erase.
func writeKeys(w io.Writer, raws [][]byte, passphrase []byte) error {
	for _, raw := range raws {
		line := encodeKeyFile(raw)
		if len(passphrase) > 0 {
			locked, err := lockKey(line, passphrase)
			clear(line)
			if err != nil {
				return err
			}
			line = locked
		}
		_, err := w.Write(line)
		clear(line)
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *fileRoot) newest() *wrapper {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.keys[len(r.keys)-1]
}

func (r *fileRoot) find(blob []byte) *wrapper {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range r.keys {
		if w.wrapped(blob) {
			return w
		}
	}
	return nil
}

// Wrap wraps under the newest key.
func (r *fileRoot) Wrap(_ context.Context, key, ad []byte) ([]byte, error) {
	return r.newest().wrap(key, ad)
}

// Unwrap finds the key by its commitment.
func (r *fileRoot) Unwrap(ctx context.Context, blob, ad []byte) ([]byte, error) {
	w := r.find(blob)
	if w == nil {
		if changed, err := r.load(ctx); err != nil || !changed {
			return nil, errors.Join(fmt.Errorf("no root key of the file wrapped this key: %w", ErrOpen), err)
		}
		if w = r.find(blob); w == nil {
			return nil, fmt.Errorf("no root key of the file wrapped this key: %w", ErrOpen)
		}
	}
	return w.unwrap(blob, ad)
}

// Version is the newest key of the file as it is now.
func (r *fileRoot) Version(ctx context.Context) (string, error) {
	if _, err := r.load(ctx); err != nil {
		return "", err
	}
	return r.newest().version(), nil
}

// VersionOf is the first bytes of the commitment that a wrapped key shows.
func (r *fileRoot) VersionOf(blob []byte) string {
	if len(blob) != wrappedSize || blob[0] != wrapVersion {
		return ""
	}
	return hex.EncodeToString(blob[1:5])
}

// Rotate adds a fresh key to the file, which is replaced as a whole: a crash leaves the old file or the new one. Servers on
// other machines need the new file before anything is wrapped under its key.
func (r *fileRoot) Rotate(ctx context.Context) error {
	if r.file.Command != nil {
		return errors.New("the key file is opened by a command; make its new form with the same tool")
	}
	f, _, err := openOwn(r.file.Path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	next := r.file.Path + ".new"
	out, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is left over from a rotation that was cut; it holds root keys: wipe and remove it, and try again", next)
	}
	if err != nil {
		return fmt.Errorf("rotate root key: %w", err)
	}
	// The server's user goes on reading it, whoever runs the command.
	if err := keepOwner(f, out); err != nil {
		return errors.Join(err, out.Close(), os.Remove(next))
	}
	erase(func() { err = r.file.extend(ctx, f, out) })
	if err == nil {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err == nil {
		err = os.Rename(next, r.file.Path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("rotate root key: %w", err), os.Remove(next))
	}
	if err := syncFolder(filepath.Dir(r.file.Path)); err != nil {
		return err
	}
	_, err = r.load(ctx)
	return err
}

// keepOwner gives a new file the owner of the old one.
func keepOwner(from, to *os.File) error {
	info, err := from.Stat()
	if err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	if err := to.Chown(int(owner.Uid), int(owner.Gid)); err != nil {
		return fmt.Errorf("the new key file can't be given to the owner of the old one; run the command as that user: %w", err)
	}
	return nil
}

// extend must run inside erase.
func (k KeyFile) extend(ctx context.Context, from io.Reader, to io.Writer) error {
	var phrase []byte
	reading := k
	reading.Passphrase = func() (p []byte, err error) {
		if k.Passphrase == nil {
			return nil, errors.New("none was given")
		}
		p, err = k.Passphrase()
		phrase = bytes.Clone(p)
		return p, err
	}
	raws, err := reading.read(ctx, from)
	defer clear(phrase)
	if err != nil {
		return err
	}
	if len(raws) >= keyFileMost {
		return fmt.Errorf("the file has %d keys; take out those that wrap nothing any more", len(raws))
	}
	raw, err := fresh()
	if err != nil {
		return err
	}
	raws = append(raws, raw)
	defer func() {
		for _, raw := range raws {
			clear(raw)
		}
	}()
	return writeKeys(to, raws, phrase)
}
