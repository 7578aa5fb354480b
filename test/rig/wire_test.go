package rig

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"net/http"
	"testing"
)

func pair(t *testing.T) (client, server *Conn) {
	t.Helper()
	a, b := net.Pipe()
	t.Cleanup(func() { _, _ = a.Close(), b.Close() })
	up := make(chan *Conn, 1)
	go func() {
		c, _, err := Upgrade(b)
		if err != nil {
			t.Error(err)
		}
		up <- c
	}()
	client, err := Handshake(a, "host", "/path", http.Header{"Origin": {"https://host"}})
	if err != nil {
		t.Fatal(err)
	}
	return client, <-up
}

func TestFramesOfEverySize(t *testing.T) {
	client, server := pair(t)
	for _, n := range []int{0, 1, 125, 126, 65535, 65536, 200_000} {
		want := bytes.Repeat([]byte("x"), n)
		for from, to := range map[*Conn]*Conn{client: server, server: client} {
			sent := make(chan error, 1)
			go func() { sent <- from.Write(want) }()
			got, err := to.Read()
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%d bytes came as %d: %v", n, len(got), err)
			}
			if err = <-sent; err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestFragments: RFC 6455 §5.4, with a control frame in between; and a mask that is not zero (§5.3).
func TestFragments(t *testing.T) {
	key := [4]byte{1, 2, 3, 4}
	frame := func(op byte, text string) []byte {
		b := []byte{op, 0x80 | byte(len(text)), key[0], key[1], key[2], key[3]}
		body := []byte(text)
		mask(body, key)
		return append(b, body...)
	}
	stream := append(append(frame(opText, "the quick "), frame(0x80|opPong, "")...), frame(0x80|opContinue, "brown fox")...)
	stream = append(stream, frame(0x80|opClose, "\x11\x95ended")...)
	c := &Conn{read: bufio.NewReader(bytes.NewReader(stream))}
	if got, err := c.Read(); err != nil || string(got) != "the quick brown fox" {
		t.Fatalf("%q %v", got, err)
	}
	var closed *Closed
	if _, err := c.Read(); !errors.As(err, &closed) || closed.Code != 4501 || closed.Reason != "ended" {
		t.Fatal(err)
	}
}
