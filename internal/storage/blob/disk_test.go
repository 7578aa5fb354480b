package blob_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"parlatory"
	"parlatory/internal/storage/blob"
	"parlatory/internal/storage/blob/blobtest"
)

func open(t *testing.T, folder string) *blob.Disk {
	t.Helper()
	d, err := blob.OpenDisk(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func TestDisk(t *testing.T) {
	blobtest.Conform(t, func(t *testing.T) blob.Store { return open(t, t.TempDir()) })
}

// files lists what stands in a folder, with a slash behind folders.
func files(t *testing.T, folder string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == folder {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(folder, path)
		want := fs.FileMode(0o600)
		if e.IsDir() {
			name, want = name+"/", 0o700
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %o", name, info.Mode().Perm())
		}
		all = append(all, name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Nobody else may read, nothing half-written stays after a failed Put, and no empty folder after a Delete.
func TestDiskLeavesNothingBehind(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "blobs")
	d := open(t, folder)
	const name = "018f3a11-aaaa/018f3a12-bbbb/0"
	blobtest.Put(t, d, name, []byte("x"))
	if err := d.Put(t.Context(), "other", strings.NewReader("short"), 1000); !errors.Is(err, blob.ErrSize) {
		t.Fatal(err)
	}
	if err := d.Put(t.Context(), name, strings.NewReader("y"), 1); !errors.Is(err, blob.ErrTaken) {
		t.Fatal(err)
	}
	got := strings.Join(files(t, folder), " ")
	if want := "+018f3a/ +018f3a/018f3a11-aaaa/ +018f3a/018f3a11-aaaa/+018f3a/ +018f3a/018f3a11-aaaa/+018f3a/018f3a12-bbbb/ " +
		"+018f3a/018f3a11-aaaa/+018f3a/018f3a12-bbbb/0.blob .tmp/"; got != want {
		t.Error(got)
	}
	if err := d.Delete(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(files(t, folder), " "); got != ".tmp/" {
		t.Error(got)
	}
	info, err := os.Stat(folder)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Error(info.Mode(), err)
	}
}

// What a killed process left goes at the next start; what a living one is writing stays.
func TestDiskSweeps(t *testing.T) {
	folder := t.TempDir()
	d := open(t, folder)
	left := filepath.Join(folder, ".tmp", "00112233")
	if err := os.WriteFile(left, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	half, rest := make(chan struct{}), make(chan struct{})
	pause := readerFunc(func([]byte) (int, error) { close(half); <-rest; return 0, io.EOF })
	in := io.MultiReader(strings.NewReader("first "), pause, strings.NewReader("second"))
	done := make(chan error)
	go func() { done <- d.Put(t.Context(), "living", in, 12) }()
	<-half
	other := open(t, folder)
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a left-over was not swept:", err)
	}
	if items, err := other.List(t.Context(), "", "", 0); err != nil || len(items) != 0 {
		t.Error("half-written is listed:", items, err)
	}
	close(rest)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got, err := blobtest.Get(t, other, "living"); err != nil || string(got) != "first second" {
		t.Errorf("%q, %v", got, err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// Files that somebody else put there are no blobs, and a link does not lead out of the folder.
func TestDiskKeepsToItself(t *testing.T) {
	folder, outside := t.TempDir(), filepath.Join(t.TempDir(), "secret.blob")
	d := open(t, folder)
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(folder, "a.blob")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Dir(outside), filepath.Join(folder, "b")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"lost+found", "README", "x.txt", "+abc.blob"} {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"a", "b/secret"} {
		if got, err := blobtest.Get(t, d, name); err == nil {
			t.Errorf("%s gives %q", name, got)
		}
	}
	if err := d.Put(t.Context(), "b/new", strings.NewReader("x"), 1); err == nil {
		t.Error("written outside")
	}
	if items, err := d.List(t.Context(), "", "", 0); err != nil || len(items) != 0 {
		t.Error(items, err)
	}
}

// A full disk is said in words, leaves nothing behind, and is over once there is room.
func TestDiskFull(t *testing.T) {
	folder := t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=1m,mode=0700"); err != nil {
		t.Skip("needs to mount a small file system: ", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(folder, 0) })
	d, err := blob.OpenDisk(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	blobtest.Put(t, d, "first", make([]byte, 600_000))
	second := bytes.Repeat([]byte{1}, 600_000)
	err = d.Put(t.Context(), "second", bytes.NewReader(second), int64(len(second)))
	var said *parlatory.Error
	if !errors.Is(err, blob.ErrFull) || !errors.As(err, &said) || said.Kind != parlatory.KindUnavailable || !strings.Contains(said.Public, "no room") {
		t.Fatal(err)
	}
	if strings.Contains(err.Error(), folder) || strings.Contains(err.Error(), "second") {
		t.Error("the error says where:", err)
	}
	if got := strings.Join(files(t, folder), " "); got != ".tmp/ first.blob" {
		t.Error(got)
	}
	if err := d.Delete(t.Context(), "first"); err != nil {
		t.Fatal(err)
	}
	blobtest.Put(t, d, "second", second)
}

// Puts and deletes that share folders, which come and go, never lose a body.
func TestDiskFoldersComeAndGo(t *testing.T) {
	folder := t.TempDir()
	d := open(t, folder)
	var wait sync.WaitGroup
	for g := range 4 {
		wait.Go(func() {
			name := "shared-folder/another-one/" + string(rune('a'+g))
			for range 50 {
				if err := d.Put(t.Context(), name, strings.NewReader(name), int64(len(name))); err != nil {
					t.Error(err)
					return
				}
				if got, err := blobtest.Get(t, d, name); err != nil || string(got) != name {
					t.Errorf("%q, %v", got, err)
				}
				if err := d.Delete(t.Context(), name); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	if got := strings.Join(files(t, folder), " "); got != ".tmp/" {
		t.Error(got)
	}
}
