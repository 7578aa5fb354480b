package rig

import (
	"bufio"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 6455 §4.2.2 names it; nothing is protected by it
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
)

// Frame kinds of RFC 6455 §5.2.
const (
	opContinue = 0x0
	opText     = 0x1
	opBinary   = 0x2
	opClose    = 0x8
	opPing     = 0x9
	opPong     = 0xA
)

// maxMessage bounds what one message may hold: more is a fault of the peer.
const maxMessage = 16 << 20

// Closed is the peer's close frame.
type Closed struct {
	Code   int
	Reason string
}

func (c *Closed) Error() string { return fmt.Sprintf("websocket closed: %d %s", c.Code, c.Reason) }

// Conn is one WebSocket connection, either side, as lean as a bench needs it: no extensions, no copies beyond the
// read buffer, one Write call for each batch of messages.
type Conn struct {
	net    net.Conn
	read   *bufio.Reader
	client bool

	payload []byte // of the message being read; reused

	mu  sync.Mutex // guards out and the order of writes
	out []byte
}

// Close cuts the connection without a close frame, as a lost network does.
func (c *Conn) Close() error { return c.net.Close() }

// Net is the connection underneath.
func (c *Conn) Net() net.Conn { return c.net }

// Read gives the next data message. The bytes are valid until the next Read.
func (c *Conn) Read() ([]byte, error) {
	c.payload = c.payload[:0]
	for {
		op, final, err := c.frame()
		if err != nil {
			return nil, err
		}
		if op < opClose && final {
			return c.payload, nil
		}
	}
}

// frame reads one frame: data is appended to payload, control frames are answered.
func (c *Conn) frame() (op byte, final bool, err error) {
	head, err := c.read.Peek(2)
	if err != nil {
		return 0, false, err
	}
	op, final = head[0]&0x0f, head[0]&0x80 != 0
	masked, size := head[1]&0x80 != 0, uint64(head[1]&0x7f)
	skip := 2
	switch size {
	case 126:
		if head, err = c.read.Peek(4); err != nil {
			return 0, false, err
		}
		size, skip = uint64(binary.BigEndian.Uint16(head[2:])), 4
	case 127:
		if head, err = c.read.Peek(10); err != nil {
			return 0, false, err
		}
		size, skip = binary.BigEndian.Uint64(head[2:]), 10
	}
	_, _ = c.read.Discard(skip)
	var key [4]byte
	if masked {
		if _, err = io.ReadFull(c.read, key[:]); err != nil {
			return 0, false, err
		}
	}
	if uint64(len(c.payload))+size > maxMessage {
		return 0, false, errors.New("websocket message too large")
	}
	at := len(c.payload)
	c.payload = grow(c.payload, int(size))
	if _, err = io.ReadFull(c.read, c.payload[at:]); err != nil {
		return 0, false, err
	}
	if masked {
		mask(c.payload[at:], key)
	}
	if op >= opClose {
		err = c.control(op, c.payload[at:])
		c.payload = c.payload[:at]
	}
	return op, final, err
}

func (c *Conn) control(op byte, body []byte) error {
	switch op {
	case opPing:
		return c.write(opPong, body)
	case opClose:
		closed := &Closed{Code: 1005}
		if len(body) >= 2 {
			closed.Code, closed.Reason = int(binary.BigEndian.Uint16(body)), string(body[2:])
		}
		return closed
	}
	return nil
}

// Write sends one text message.
func (c *Conn) Write(payload []byte) error { return c.write(opText, payload) }

func (c *Conn) write(op byte, payload []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out = appendFrame(c.out[:0], op, payload, c.client)
	_, err := c.net.Write(c.out)
	return err
}

// WriteFrames sends frames that AppendText made, in one call.
func (c *Conn) WriteFrames(frames []byte) error {
	_, err := c.net.Write(frames)
	return err
}

// AppendText appends a server's text frame, which may be shared by many connections.
func AppendText(dst, payload []byte) []byte { return appendFrame(dst, opText, payload, false) }

// appendFrame appends a frame. A client's mask (RFC 6455 §5.3) is the zero key here: it protects careless proxies, of
// which loopback has none, and the server unmasks all the same.
func appendFrame(dst []byte, op byte, payload []byte, client bool) []byte {
	bit := byte(0)
	if client {
		bit = 0x80
	}
	dst = append(dst, 0x80|op)
	switch n := len(payload); {
	case n < 126:
		dst = append(dst, bit|byte(n))
	case n < 1<<16:
		dst = append(dst, bit|126, byte(n>>8), byte(n))
	default:
		dst = append(dst, bit|127)
		dst = binary.BigEndian.AppendUint64(dst, uint64(n))
	}
	if client {
		dst = append(dst, 0, 0, 0, 0)
	}
	return append(dst, payload...)
}

func grow(b []byte, n int) []byte {
	if need := len(b) + n; need > cap(b) {
		bigger := make([]byte, need, 2*need)
		copy(bigger, b)
		return bigger
	}
	return b[:len(b)+n]
}

func mask(b []byte, key [4]byte) {
	k32 := binary.LittleEndian.Uint32(key[:])
	if k32 == 0 {
		return
	}
	k := uint64(k32) | uint64(k32)<<32
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^k)
		b = b[8:]
	}
	for i := range b {
		b[i] ^= key[i&3]
	}
}

const magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" // RFC 6455 §1.3

func accept(key string) string {
	sum := sha1.Sum([]byte(key + magic)) //nolint:gosec // see the import
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Upgrade answers a client's opening handshake on a fresh connection.
func Upgrade(c net.Conn) (*Conn, *http.Request, error) {
	r := bufio.NewReaderSize(c, 4096)
	req, err := http.ReadRequest(r)
	if err != nil {
		return nil, nil, fmt.Errorf("handshake request: %w", err)
	}
	_, err = fmt.Fprintf(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		accept(req.Header.Get("Sec-WebSocket-Key")))
	if err != nil {
		return nil, nil, fmt.Errorf("handshake answer: %w", err)
	}
	return &Conn{net: c, read: r}, req, nil
}

// Handshake opens a WebSocket on a connected stream. The header carries Host's extra fields: Origin, Cookie.
func Handshake(c net.Conn, host, path string, header http.Header) (*Conn, error) {
	var nonce [16]byte
	_, _ = rand.Read(nonce[:])
	key := base64.StdEncoding.EncodeToString(nonce[:])
	req := "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key + "\r\n"
	for name, values := range header {
		for _, v := range values {
			req += name + ": " + v + "\r\n"
		}
	}
	if _, err := io.WriteString(c, req+"\r\n"); err != nil {
		return nil, fmt.Errorf("handshake request: %w", err)
	}
	r := bufio.NewReaderSize(c, 4096)
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		return nil, fmt.Errorf("handshake answer: %w", err)
	}
	if res.StatusCode != http.StatusSwitchingProtocols {
		body, _ := io.ReadAll(io.LimitReader(res.Body, 500))
		return nil, fmt.Errorf("handshake refused: %s: %s", res.Status, body)
	}
	if res.Header.Get("Sec-WebSocket-Accept") != accept(key) {
		return nil, errors.New("handshake answer does not match the key")
	}
	return &Conn{net: c, read: r, client: true}, nil
}
