package credential

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/debug"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"
)

// A worker is this program once more, as a process of the lowest priority that makes hashes and does nothing else. A flood of
// sign-ins so uses the cores that are idle: in the server's own process each hash would hold a processor of the scheduler for 30 ms
// and have the collector run after every other one, and a message that comes in would wait for both. Threads of lower priority
// inside the process don't do: the library makes its blocks on goroutines of its own, and the collector waits for every thread.
//
// A request is a header, the salt and the prepared password; the answer is the hash. One is under way at a time. A worker is
// trusted with no more than that: no key, no database, no socket, none of the environment.
type worker struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out io.Reader
}

const (
	headSize = 4 + 4 + 1 + 1 + 2       // memory, passes, lanes, size of the salt, size of the password; big endian
	patience = 30 * time.Second        // for one hash; a worker that takes longer is ended
	restful  = 5 * time.Second         // without a request, after which a worker gives its memory back
	maxText  = 4 * MaxInput            // of a prepared password
	maxFrame = headSize + 32 + maxText // salts have at most 32 bytes (parse)
)

// mark stands in a worker's environment: so no mistake in what args mean to a program has processes start processes without end.
const mark = "PARLATORY_HASHER"

// pool keeps as many workers as hashes may run at once; a turn at the gate is a place in it.
type pool struct {
	args []string
	idle chan *worker
}

var workers atomic.Pointer[pool]

// Apart has every further hash made by workers: args make this program call Work. An error says that none could be started; hashes
// are then made in this process, as they are when a worker fails.
func Apart(args ...string) error {
	if _, is := os.LookupEnv(mark); is {
		return errors.New("a process that hashes starts no others")
	}
	p := &pool{args: args, idle: make(chan *worker, cap(hashing.running))}
	for range cap(p.idle) {
		w := &worker{}
		if err := w.start(args); err != nil {
			return fmt.Errorf("start a process that hashes: %w", err)
		}
		p.idle <- w
	}
	workers.Store(p)
	return nil
}

// derive is argon2id, in its turn at the gate.
func derive(p params, salt, text []byte) []byte {
	if all := workers.Load(); all != nil {
		w := <-all.idle
		defer func() { all.idle <- w }()
		if sum, err := w.derive(all.args, p, salt, text); err == nil {
			return sum
		}
		w.end()
	}
	return argon2.IDKey(text, salt, p.passes, p.memory, p.lanes, hashSize)
}

func (w *worker) start(args []string) error {
	cmd := exec.Command(program(), args...) //nolint:gosec,noctx // this program itself; it ends with its input
	cmd.Env = []string{"GOMAXPROCS=1", mark + "=1"}
	setApart(cmd)
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return errors.Join(err, in.Close())
	}
	if err := cmd.Start(); err != nil {
		return errors.Join(err, in.Close())
	}
	*w = worker{cmd, in, out}
	return nil
}

// end kills it; the next hash starts another.
func (w *worker) end() {
	if w.cmd != nil {
		_ = w.cmd.Process.Kill()
		_ = w.in.Close()
		_ = w.cmd.Wait()
	}
	*w = worker{}
}

func (w *worker) derive(args []string, p params, salt, text []byte) ([]byte, error) {
	if w.cmd == nil {
		if err := w.start(args); err != nil {
			return nil, err
		}
	}
	late := time.AfterFunc(patience, func() { _ = w.cmd.Process.Kill() })
	defer late.Stop()
	frame := make([]byte, 0, maxFrame)
	defer clear(frame[:maxFrame])
	frame = binary.BigEndian.AppendUint32(frame, p.memory)
	frame = binary.BigEndian.AppendUint32(frame, p.passes)
	frame = append(frame, p.lanes, byte(len(salt)))
	frame = binary.BigEndian.AppendUint16(frame, uint16(len(text)))
	frame = append(append(frame, salt...), text...)
	if _, err := w.in.Write(frame); err != nil {
		return nil, err
	}
	sum := make([]byte, hashSize)
	_, err := io.ReadFull(w.out, sum)
	return sum, err
}

// Work makes this process a worker: it answers what comes in until that ends.
func Work(in io.Reader, out io.Writer) error {
	lowest()
	return answer(in, out)
}

func answer(in io.Reader, out io.Writer) error {
	rest := time.AfterFunc(restful, debug.FreeOSMemory)
	frame := make([]byte, maxFrame)
	for {
		if _, err := io.ReadFull(in, frame[:headSize]); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read request: %w", err)
		}
		p := params{memory: binary.BigEndian.Uint32(frame), passes: binary.BigEndian.Uint32(frame[4:]), lanes: frame[8]}
		salted, size := headSize+int(frame[9]), int(binary.BigEndian.Uint16(frame[10:]))
		if salted+size > maxFrame {
			return errors.New("request over the bounds")
		}
		if _, err := io.ReadFull(in, frame[headSize:salted+size]); err != nil {
			return fmt.Errorf("read request: %w", err)
		}
		rest.Stop()
		sum := argon2.IDKey(frame[salted:salted+size], frame[headSize:salted], p.passes, p.memory, p.lanes, hashSize)
		clear(frame)
		if _, err := out.Write(sum); err != nil {
			return fmt.Errorf("write answer: %w", err)
		}
		rest.Reset(restful)
	}
}
