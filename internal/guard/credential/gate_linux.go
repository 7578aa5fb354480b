package credential

import "syscall"

// yieldCPU gives this thread the lowest priority (setpriority(2): on Linux a thread's own). Where that is refused the hash runs
// as any other work.
func yieldCPU() { _ = syscall.Setpriority(syscall.PRIO_PROCESS, syscall.Gettid(), 19) }
