package rig

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of processor time in /proc/PID/stat: 1/100 s on every Linux that Go runs on (USER_HZ).
const tick = 10 * time.Millisecond

type process struct {
	parent int
	cpu    time.Duration // its own and that of children that it has waited for
}

// readProcess reads /proc/PID/stat. The name in parentheses may hold anything, so fields count from the last ')'.
func readProcess(pid int) (process, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return process{}, err
	}
	text := string(raw)
	f := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(f) < 15 {
		return process{}, errors.New("process statistics cut short")
	}
	p := process{}
	p.parent, _ = strconv.Atoi(f[1])
	for _, s := range f[11:15] { // utime stime cutime cstime
		n, _ := strconv.ParseInt(s, 10, 64)
		p.cpu += time.Duration(n) * tick
	}
	return p, nil
}

// family is the processes and all their descendants.
func family(pids ...int) map[int]process {
	all := map[int]process{}
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			if p, err := readProcess(pid); err == nil {
				all[pid] = p
			}
		}
	}
	kin := map[int]process{}
	for pid, p := range all {
		for up, depth := pid, 0; up > 1 && depth < 10; up, depth = all[up].parent, depth+1 {
			if slices.Contains(pids, up) {
				kin[pid] = p
				break
			}
		}
	}
	return kin
}

// CPU is the processor time, user and system, that the processes and all their descendants have used so far.
func CPU(pids ...int) (sum time.Duration) {
	for _, p := range family(pids...) {
		sum += p.cpu
	}
	return sum
}

// Memories is Memory of a process and all its descendants together. What they share counts in each: an upper bound.
func Memories(pid int) (now, peak int64) {
	for kin := range family(pid) {
		n, p, _ := Memory(kin)
		now, peak = now+n, peak+p
	}
	return now, peak
}

// ResetPeaks is ResetPeak of a process and all its descendants.
func ResetPeaks(pid int) {
	for kin := range family(pid) {
		ResetPeak(kin)
	}
}

// Memory is the resident memory of a process in bytes: now, and the peak since ResetPeak or its start.
func Memory(pid int) (now, peak int64, err error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(raw)) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		n, _ := strconv.ParseInt(f[1], 10, 64)
		switch f[0] {
		case "VmRSS:":
			now = n << 10
		case "VmHWM:":
			peak = n << 10
		}
	}
	return now, peak, nil
}

// ResetPeak makes the peak of a process start again at what it holds now (proc(5), clear_refs). Without the right to
// do so the peak is that since the start, which is only ever higher.
func ResetPeak(pid int) {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0o200)
}
