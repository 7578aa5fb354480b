package credential

import (
	"os/exec"
	"syscall"
)

// program is the program that runs, even if its file was replaced meanwhile.
func program() string { return "/proc/self/exe" }

// setApart puts the worker into a group of its own: what a terminal sends to this process (Ctrl+C) is not for it.
func setApart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// lowest gives all threads of this process the lowest priority: setpriority(2) of a process means one thread, of a group all.
// Where that is refused a worker runs as any other process.
func lowest() { _ = syscall.Setpriority(syscall.PRIO_PGRP, 0, 19) }
