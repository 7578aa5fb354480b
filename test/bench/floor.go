package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"runtime/pprof"
	"slices"
	"sync"
	"time"

	"parlatory/test/rig"
)

// The floor speaks the same commands as the product, so that one load client drives both and the same bytes of JSON
// are parsed and written. What it leaves out is all that makes a product: permits, rules, keys, a ledger, tenants.

// command is what a client sends: the part of the centrifuge protocol that the load uses.
type command struct {
	ID      uint32           `json:"id"`
	Connect *json.RawMessage `json:"connect"`
	RPC     *struct {
		Method string `json:"method"`
		Data   struct {
			Room string `json:"room"`
			ID   string `json:"id"`
			Body string `json:"body"`
		} `json:"data"`
	} `json:"rpc"`
}

type floorMessage struct {
	Kind string `json:"k"`
	Room string `json:"room"`
	Seq  int64  `json:"seq"`
	ID   string `json:"id"`
	By   string `json:"by"`
	At   string `json:"at"`
	Body string `json:"body"`
}

// post is a message on its way through the one writer.
type post struct {
	from   *floorConn
	reply  uint32
	room   *floorRoom
	seq    int64
	at     time.Time
	msg    command
	sealed []byte
}

type floorRoom struct {
	id  string
	seq int64 // owned by the writer

	mu      sync.RWMutex
	members []*floorConn
}

type floorConn struct {
	ws    *rig.Conn
	name  string
	wake  chan struct{}
	rooms []*floorRoom // owned by the reader

	mu  sync.Mutex
	out []byte // frames that wait
}

type floor struct {
	aead  cipher.AEAD
	posts chan *post
	store *floorStore

	mu    sync.Mutex
	rooms map[string]*floorRoom
}

// runFloor is the sub-command: it serves until its input ends.
func runFloor(args []string) error {
	flags := flag.NewFlagSet("floor", flag.ContinueOnError)
	dir := flags.String("dir", "", "folder of the database")
	listen := flags.String("listen", "127.0.0.1:0", "address")
	cert := flags.String("cert", "", "certificate, for TLS")
	key := flags.String("key", "", "its key")
	profile := flags.String("profile", "", "file for a processor profile")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			return fmt.Errorf("profile: %w", err)
		}
		if err = pprof.StartCPUProfile(f); err != nil {
			return fmt.Errorf("profile: %w", err)
		}
		defer pprof.StopCPUProfile()
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	block, err := aes.NewCipher(secret)
	if err != nil {
		return fmt.Errorf("cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return fmt.Errorf("cipher mode: %w", err)
	}
	store, err := openFloorStore(*dir)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		return fmt.Errorf("floor listener: %w", err)
	}
	fmt.Println(l.Addr())
	if *cert != "" {
		pair, err := tls.LoadX509KeyPair(*cert, *key)
		if err != nil {
			return fmt.Errorf("floor certificate: %w", err)
		}
		l = tls.NewListener(l, &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{pair}})
	}
	f := &floor{aead: aead, posts: make(chan *post, 4096), store: store, rooms: map[string]*floorRoom{}}
	go f.writer()
	go func() {
		_, _ = os.Stdin.Read(make([]byte, 1))
		_ = l.Close()
	}()
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("floor accept: %w", err)
		}
		go f.serve(c)
	}
}

func (f *floor) room(id string) *floorRoom {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.rooms[id]
	if r == nil {
		r = &floorRoom{id: id}
		f.rooms[id] = r
	}
	return r
}

func (f *floor) serve(c net.Conn) {
	ws, req, err := rig.Upgrade(c)
	if err != nil {
		_ = c.Close()
		return
	}
	fc := &floorConn{ws: ws, name: req.URL.Query().Get("as"), wake: make(chan struct{}, 1)}
	done := make(chan struct{})
	go fc.drain(done)
	defer close(done)
	defer ws.Close()
	defer fc.leave()
	for {
		raw, err := ws.Read()
		if err != nil {
			return
		}
		p := &post{from: fc, at: time.Now().UTC()}
		if json.Unmarshal(raw, &p.msg) != nil {
			return
		}
		f.command(p)
	}
}

func (f *floor) command(p *post) {
	p.reply = p.msg.ID
	switch {
	case p.msg.Connect != nil:
		p.from.send(fmt.Appendf(nil, `{"id":%d,"connect":{"client":"floor","version":"floor","ping":25,"pong":true}}`, p.reply))
	case p.msg.RPC == nil:
	case p.msg.RPC.Method == "chat.open":
		room := f.room(p.msg.RPC.Data.Room)
		room.mu.Lock()
		room.members = append(room.members, p.from)
		room.mu.Unlock()
		p.from.rooms = append(p.from.rooms, room)
		p.from.send(fmt.Appendf(nil, `{"id":%d,"rpc":{"data":{"head":0,"items":[]}}}`, p.reply))
	case p.msg.RPC.Method == "chat.post":
		p.room = f.room(p.msg.RPC.Data.Room)
		nonce := make([]byte, 12, 12+len(p.msg.RPC.Data.Body)+16)
		_, _ = rand.Read(nonce)
		p.sealed = f.aead.Seal(nonce, nonce, []byte(p.msg.RPC.Data.Body), []byte(p.msg.RPC.Data.ID))
		f.posts <- p
	}
}

// maxBatch is the most that one transaction takes, as in the product.
const maxBatch = 256

// writer commits what waits in one transaction, then answers and fans out.
func (f *floor) writer() {
	batch := make([]*post, 0, maxBatch)
	for p := range f.posts {
		batch = append(batch[:0], p)
	fill:
		for len(batch) < maxBatch {
			select {
			case next := <-f.posts:
				batch = append(batch, next)
			default:
				break fill
			}
		}
		for _, p := range batch {
			p.room.seq++
			p.seq = p.room.seq
		}
		if err := f.store.insert(batch); err != nil {
			fmt.Fprintln(os.Stderr, "floor:", err)
			os.Exit(1)
		}
		for _, p := range batch {
			f.tell(p)
		}
		// Woken once all of the batch is queued: an answer and a push to the same socket leave in one write.
		for _, p := range batch {
			p.room.mu.RLock()
			for _, m := range p.room.members {
				m.rouse()
			}
			p.room.mu.RUnlock()
		}
	}
}

func (f *floor) tell(p *post) {
	at := p.at.Format("2006-01-02T15:04:05.000000Z")
	body, err := json.Marshal(floorMessage{Kind: "message", Room: p.room.id, Seq: p.seq, ID: p.msg.RPC.Data.ID, By: p.from.name, At: at, Body: p.msg.RPC.Data.Body})
	if err != nil {
		return
	}
	push := make([]byte, 0, len(body)+120)
	push = append(append(push, `{"push":{"channel":"room.`...), p.room.id...)
	push = append(append(append(push, `","pub":{"data":`...), body...), "}}}"...)
	frame := rig.AppendText(nil, push)
	p.room.mu.RLock()
	for _, m := range p.room.members {
		if m != p.from {
			m.queue(frame)
		}
	}
	p.room.mu.RUnlock()
	p.from.queue(rig.AppendText(nil, fmt.Appendf(nil, `{"id":%d,"rpc":{"data":{"seq":%d,"at":"%s"}}}`, p.reply, p.seq, at)))
}

func (c *floorConn) leave() {
	for _, r := range c.rooms {
		r.mu.Lock()
		r.members = slices.DeleteFunc(slices.Clone(r.members), func(m *floorConn) bool { return m == c })
		r.mu.Unlock()
	}
}

func (c *floorConn) send(payload []byte) {
	c.queue(rig.AppendText(nil, payload))
	c.rouse()
}

// queue hands frames to the connection's own writer: the one that commits never waits for a socket.
func (c *floorConn) queue(frame []byte) {
	c.mu.Lock()
	c.out = append(c.out, frame...)
	c.mu.Unlock()
}

func (c *floorConn) rouse() {
	c.mu.Lock()
	waits := len(c.out) > 0
	c.mu.Unlock()
	if waits {
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
}

func (c *floorConn) drain(done <-chan struct{}) {
	var spare []byte
	for {
		select {
		case <-done:
			return
		case <-c.wake:
		}
		c.mu.Lock()
		c.out, spare = spare[:0], c.out
		c.mu.Unlock()
		if len(spare) > 0 && c.ws.WriteFrames(spare) != nil {
			return
		}
	}
}

func sqlID(s string) []byte {
	var b [16]byte
	n := 0
	for i := 0; i < len(s) && n < 32; i++ {
		if s[i] == '-' {
			continue
		}
		v := s[i] - '0'
		if s[i] >= 'a' {
			v = s[i] - 'a' + 10
		}
		b[n/2] = b[n/2]<<4 | v&15
		n++
	}
	return b[:]
}
