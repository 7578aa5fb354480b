package front

import (
	"bytes"
	"net"
	"strconv"
	"strings"
)

// scanned is a connection of HTTP/1.1 whose request heads are judged byte by byte before net/http reads them. A head
// that two parsers could take in two ways is replaced by one that net/http answers with 400 and a closed connection:
// so the answer is written by the one who owns the write side, in its turn.
//
// It counts body bytes by Content-Length to find the next head. After a request to upgrade everything passes: an upgrade
// that is refused ends the connection (see walk).
type scanned struct {
	net.Conn
	head  []byte // of the request being read, not yet judged
	ready []byte // judged, not yet read by net/http
	body  int64  // bytes of the current body that may still pass
	open  bool   // nothing is judged any more
}

// headLimit is above net/http's own, so that a long head gets net/http's 431.
const headLimit = maxHeader + 8192

// unparsable makes net/http answer "400 Bad Request" and close.
const unparsable = "/\r\n\r\n"

func (s *scanned) Read(p []byte) (int, error) {
	for {
		switch {
		case len(p) == 0:
			return 0, nil
		case len(s.ready) > 0:
			n := copy(p, s.ready)
			s.ready = s.ready[n:]
			return n, nil
		case s.open:
			if len(s.head) > 0 {
				s.ready, s.head = s.head, nil
				continue
			}
			return s.Conn.Read(p)
		case s.body > 0:
			return s.readBody(p)
		}
		if len(s.head) > 0 && s.judge() {
			continue
		}
		var chunk [4096]byte
		n, err := s.Conn.Read(chunk[:])
		s.head = append(s.head, chunk[:n]...)
		if n > 0 {
			continue
		}
		if err != nil {
			return 0, err // what was gathered stays for the next call: net/http aborts reads by deadline
		}
	}
}

func (s *scanned) readBody(p []byte) (int, error) {
	if int64(len(p)) > s.body {
		p = p[:s.body]
	}
	if len(s.head) > 0 { // came in the same read as its head
		n := copy(p, s.head)
		s.head = s.head[n:]
		s.body -= int64(n)
		return n, nil
	}
	n, err := s.Conn.Read(p)
	s.body -= int64(n)
	return n, err
}

// judge looks at what has come of a head; false asks for more bytes.
func (s *scanned) judge() bool {
	end := bytes.Index(s.head, []byte("\r\n\r\n"))
	seen := s.head
	if end >= 0 {
		seen = s.head[:end+4]
	}
	if !cleanLines(seen) {
		return s.refuse()
	}
	if end < 0 {
		if len(s.head) > headLimit {
			s.open = true // net/http refuses its length
			return true
		}
		return false
	}
	length, upgrade, ok := readHead(string(s.head[:end]))
	if !ok {
		return s.refuse()
	}
	s.ready = append([]byte(nil), seen...)
	s.head = append([]byte(nil), s.head[end+4:]...)
	s.body, s.open = length, upgrade
	return true
}

func (s *scanned) refuse() bool {
	s.ready, s.head, s.open = []byte(unparsable), nil, true
	return true
}

// cleanLines refuses CR without LF, LF without CR, and NUL (RFC 9112 §2.2, RFC 9110 §5.5).
func cleanLines(b []byte) bool {
	for i, c := range b {
		switch {
		case c == 0,
			c == '\n' && (i == 0 || b[i-1] != '\r'),
			c == '\r' && i+1 < len(b) && b[i+1] != '\n':
			return false
		}
	}
	return true
}

// readHead takes out of a head what decides where the request ends. It refuses a request line of other than three parts,
// folded lines and blanks before the colon (RFC 9112 §3, §5.1, §5.2), any Transfer-Encoding, and a Content-Length that is not exactly one plain number (§6.3).
func readHead(head string) (length int64, upgrade, ok bool) {
	line, fields, _ := strings.Cut(head, "\r\n")
	if strings.Count(line, " ") != 2 || !strings.HasSuffix(line, " HTTP/1.1") && !strings.HasSuffix(line, " HTTP/1.0") {
		return 0, false, false
	}
	lengths := 0
	for fields != "" {
		line, fields, _ = strings.Cut(fields, "\r\n")
		name, value, colon := strings.Cut(line, ":")
		if !colon || name == "" || strings.ContainsAny(name, " \t") {
			return 0, false, false
		}
		switch strings.ToLower(name) {
		case "transfer-encoding":
			return 0, false, false
		case "upgrade":
			upgrade = true
		case "content-length":
			n, err := strconv.ParseUint(strings.Trim(value, " \t"), 10, 62)
			if lengths++; err != nil || lengths > 1 || strings.Trim(value, " \t0123456789") != "" {
				return 0, false, false
			}
			length = int64(n)
		}
	}
	return length, upgrade, true
}
