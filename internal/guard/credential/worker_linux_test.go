package credential

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func assertApart(t *testing.T, pid int) {
	t.Helper()
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil || !bytes.Equal(env, []byte("GOMAXPROCS=1\x00"+mark+"=1\x00")) {
		t.Errorf("environment %q: %v", env, err)
	}
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(threads) == 0 {
		t.Fatal("no threads", err)
	}
	for _, file := range threads {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		fields := bytes.Fields(raw[bytes.LastIndexByte(raw, ')')+1:]) // proc(5): the third field is the first here
		if nice := string(fields[16]); nice != "19" {
			t.Errorf("%s: nice %s", file, nice)
		}
	}
}
