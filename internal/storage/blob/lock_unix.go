//go:build linux || darwin || freebsd || netbsd || openbsd

package blob

import (
	"os"
	"syscall"
)

// lock takes the file's lock without waiting; it goes with the file or the process. On a file system without locks
// nothing is locked.
func lock(f *os.File) bool {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != syscall.EWOULDBLOCK
}
