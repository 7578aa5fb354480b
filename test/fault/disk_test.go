package fault

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"parlatory/test/rig"
)

// TestDiskFull fills the disk of a server on SQLite under load: posts are refused clearly, nothing that was
// acknowledged is lost, reading goes on, and once there is space again so does writing, without a restart.
func TestDiskFull(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server and fills its disk")
	}
	dir := t.TempDir()
	const size = 48 << 20
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=48m,mode=0700"); err != nil {
		t.Skipf("a small disk can be mounted by root only: %v", err)
	}
	t.Cleanup(func() { // registered first, so that it runs after the server has ended
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	c := launch(t, rig.Options{Dir: dir}, 2)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()

	// The first read of a conversation in an hour is an entry in the ledger, so it needs the disk; the ones after it do not.
	if _, err := c.check(ctx); err != nil {
		t.Fatal(err)
	}
	if err := fill(dir, size); err != nil {
		t.Fatal(err)
	}
	refused := c.untilRefused(ctx, t)
	if refused.Code != 503 && refused.Code != 507 {
		t.Errorf("a full disk was refused with %d (%s); want 503", refused.Code, refused.Detail)
	}
	if strings.Contains(strings.ToLower(refused.Detail), "sql") {
		t.Errorf("the refusal tells about the inside: %s", refused.Detail)
	}
	if _, err := c.check(ctx); err != nil {
		t.Fatalf("while the disk is full: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "ballast")); err != nil {
		t.Fatal(err)
	}
	if err := c.settle(ctx); err != nil {
		t.Fatalf("with space again: %v\n%s", err, c.server.LogTail())
	}
	if _, err := c.check(ctx); err != nil {
		t.Fatalf("with space again: %v", err)
	}
	if err := c.killed(ctx); err != nil {
		t.Fatalf("killed afterwards: %v", err)
	}
	c.verify(t)
}

// fill leaves no block free.
func fill(dir string, size int) error {
	f, err := os.Create(filepath.Join(dir, "ballast"))
	if err != nil {
		return err
	}
	defer f.Close()
	block := make([]byte, 4096)
	for range size / len(block) {
		if _, err = f.Write(block); errors.Is(err, syscall.ENOSPC) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return errors.New("the disk did not fill")
}

// untilRefused posts until the server says no. The log is longer than what is written at first: SQLite writes into
// the space that it has already.
func (c *company) untilRefused(ctx context.Context, t *testing.T) *rig.Refusal {
	t.Helper()
	p := c.people[0]
	live, err := p.dial(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	for range 200_000 {
		err = p.post(ctx, live)
		if err == nil {
			continue
		}
		var refused *rig.Refusal
		if !errors.As(err, &refused) {
			t.Fatalf("a full disk broke the connection: %v\n%s", err, c.server.LogTail())
		}
		return refused
	}
	t.Fatal("posts went on with a full disk")
	return nil
}
