package credential

import (
	"bytes"
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"
)

// TestMain lets the test program be a worker, as the product is its own.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "nested" { // what a program does that takes no notice of its arguments
		if Apart("nested") == nil {
			os.Exit(1)
		}
		return
	}
	if len(os.Args) == 2 && os.Args[1] == "hasher" {
		if Work(os.Stdin, os.Stdout) != nil {
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// apart gives the tests of one function workers of its own.
func apart(t testing.TB) *pool {
	t.Helper()
	if err := Apart("hasher"); err != nil {
		t.Fatal(err)
	}
	all := workers.Load()
	t.Cleanup(func() {
		workers.Store(nil)
		for range cap(all.idle) {
			(<-all.idle).end()
		}
	})
	return all
}

// Each hash is the library's, from a worker that lives, one that was killed, and one that can't be started.
func TestWorkersHashAlike(t *testing.T) {
	all := apart(t)
	salt := []byte("saltsaltsaltsalt")
	same := func(what, password string) {
		t.Helper()
		want := argon2.IDKey([]byte(password), salt, current.passes, current.memory, current.lanes, hashSize)
		if got := derive(current, salt, []byte(password)); !bytes.Equal(got, want) {
			t.Errorf("%s: another hash", what)
		}
	}
	each := func(f func(*worker)) {
		for range cap(all.idle) {
			w := <-all.idle
			f(w)
			all.idle <- w
		}
	}
	var wait sync.WaitGroup
	for _, p := range []string{"a", "plum wagon 83 tarmac", string(bytes.Repeat([]byte("ü"), 2*MaxInput)), "x"} {
		wait.Go(func() { same("a worker", p) })
	}
	wait.Wait()
	before := map[int]bool{}
	each(func(w *worker) {
		if w.cmd == nil {
			t.Fatal("a worker failed at honest work")
		}
		before[w.cmd.Process.Pid] = true
		_ = w.cmd.Process.Kill()
		_, _ = w.out.Read(make([]byte, 1)) // it is gone
	})
	for range 2 * cap(all.idle) {
		same("after a kill", "plum wagon 83 tarmac")
	}
	each(func(w *worker) {
		if w.cmd == nil || before[w.cmd.Process.Pid] {
			t.Error("no other worker was started")
		}
		w.end()
	})
	all.args = []string{"-no-such-flag"} // the test program ends at once
	same("no worker", "plum wagon 83 tarmac")
}

// A program that takes no notice of its arguments starts its workers, and these start none.
func TestWorkersStartNoWorkers(t *testing.T) {
	w := &worker{}
	if err := w.start([]string{"nested"}); err != nil {
		t.Fatal(err)
	}
	if err := w.cmd.Wait(); err != nil {
		t.Errorf("a worker started others: %v", err)
	}
}

// A worker has the lowest priority, none of the environment, and ends with its input.
func TestWorkerIsApart(t *testing.T) {
	t.Setenv("PARLATORY_SECRET", "of the server")
	all := apart(t)
	derive(current, []byte("saltsaltsaltsalt"), []byte("password"))
	for range cap(all.idle) {
		w := <-all.idle
		derive := func() { _, _ = w.derive(all.args, current, []byte("saltsaltsaltsalt"), []byte("password")) }
		derive()
		assertApart(t, w.cmd.Process.Pid)
		if err := w.in.Close(); err != nil {
			t.Error(err)
		}
		done := make(chan error, 1)
		go func() { done <- w.cmd.Wait() }()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("end: %v", err)
			}
		case <-time.After(20 * time.Second):
			t.Error("goes on without its server")
		}
		*w = worker{}
		all.idle <- w
	}
}

// Requests that no server of ours sends end the worker, before any work.
func TestWorkerRefusesBadRequests(t *testing.T) {
	for what, frame := range map[string]string{
		"cut in the header":   "\x00\x00",
		"cut in the salt":     "\x00\x00\x4c\x00\x00\x00\x00\x02\x01\x10\x00\x01salt",
		"a salt too long":     "\x00\x00\x4c\x00\x00\x00\x00\x02\x01\xff\x10\x00",
		"a password too long": "\x00\x00\x4c\x00\x00\x00\x00\x02\x01\x10\xff\xff",
	} {
		var out bytes.Buffer
		if err := answer(bytes.NewReader([]byte(frame)), &out); err == nil || out.Len() != 0 {
			t.Errorf("%s: %v, %d bytes", what, err, out.Len())
		}
	}
	if err := answer(bytes.NewReader(nil), &bytes.Buffer{}); err != nil {
		t.Errorf("no request: %v", err)
	}
}

func BenchmarkWorkers(b *testing.B) {
	apart(b)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := Dummy(context.Background(), secret("plum wagon 83 tarmac")); err != nil {
				b.Fatal(err)
			}
		}
	})
}
