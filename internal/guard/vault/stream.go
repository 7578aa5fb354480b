package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"

	"parlatory"
)

// The form of a sealed stream:
//
//	0x01 | key version, 4 | key commitment, 32 | 40 | salt, 32 | nonce prefix, 7 | segments
//
// What stands behind the commitment is Tink's streaming AEAD AES256_GCM_HKDF with segments of 64 KiB
// (https://developers.google.com/tink/streaming-aead/aes_gcm_hkdf_streaming), which is the STREAM construction of
// Hoang, Reyhanitabar, Rogaway and Vizár (CRYPTO 2015): a key of its own by HKDF-SHA-256 from the subject's stream
// key, the salt and the associated data; segment i under the nonce prefix | i, 4 | 1 if it is the last one. Each
// segment is 65,536 bytes with its tag, the first one 40 less, the last one what is left; only a stream without
// content has an empty one.
const (
	streamVersion = 0x01
	streamFront   = 1 + 4 + commitSize // ours, before Tink's header
	saltSize      = 32
	noncePrefix   = 7
	tinkHeader    = 1 + saltSize + noncePrefix
	streamHeader  = streamFront + tinkHeader
	segmentSize   = 64 << 10
	segmentPlain  = segmentSize - tagSize
	maxSegments   = math.MaxUint32
	// maxStream is the length of the longest sealed stream in bytes: 256 TiB.
	maxStream = streamFront + maxSegments*segmentSize
)

// segments keeps buffers of one segment. Whoever puts one back has cleared it.
var segments = sync.Pool{New: func() any { return new([segmentSize]byte) }}

func release(buf *[segmentSize]byte) {
	if buf != nil {
		clear(buf[:])
		segments.Put(buf)
	}
}

// StreamSealed is the length of the sealed stream of a content of plain bytes.
func StreamSealed(plain int64) int64 {
	count := int64(1)
	if over := plain - (segmentPlain - tinkHeader); over > 0 {
		count += (over + segmentPlain - 1) / segmentPlain
	}
	return streamHeader + plain + count*tagSize
}

// StreamPlain is the length of the content of a sealed stream of that length; ErrOpen for one that no stream has.
func StreamPlain(sealed int64) (int64, error) {
	_, plain, err := streamShape(sealed)
	return plain, err
}

func streamShape(sealed int64) (count, plain int64, err error) {
	if sealed < streamHeader+tagSize || sealed > maxStream {
		return 0, 0, fmt.Errorf("sealed stream's length: %w", ErrOpen)
	}
	body := sealed - streamFront
	count = (body + segmentSize - 1) / segmentSize
	last := body - (count-1)*segmentSize
	if count > 1 && last <= tagSize {
		return 0, 0, fmt.Errorf("sealed stream's length: %w", ErrOpen)
	}
	return count, body - tinkHeader - count*tagSize, nil
}

// streamAD is the associated data of a stream: that of a value in the same place, under a heading of its own.
func (e *edition) streamAD(b Binding) ([]byte, error) {
	return b.append(append(appendPart(nil, []byte("parlatory/v1 sealed stream")), e.ad...))
}

// streamCipher derives the cipher of one stream.
func (e *edition) streamCipher(b Binding, salt []byte) (aead cipher.AEAD, err error) {
	ad, err := e.streamAD(b)
	if err != nil {
		return nil, err
	}
	erase(func() {
		var key []byte
		if key, err = hkdf.Key(sha256.New, e.more.stream, salt, string(ad), keySize); err != nil {
			return
		}
		defer clear(key)
		var block cipher.Block
		if block, err = aes.NewCipher(key); err != nil {
			return
		}
		aead, err = cipher.NewGCM(block)
	})
	if err != nil {
		return nil, fmt.Errorf("stream cipher: %w", err)
	}
	return aead, nil
}

// setNonce completes a nonce, whose prefix stands already.
func setNonce(nonce *[gcmNonce]byte, segment int64, last bool) []byte {
	binary.BigEndian.PutUint32(nonce[noncePrefix:], uint32(segment))
	nonce[gcmNonce-1] = 0
	if last {
		nonce[gcmNonce-1] = 1
	}
	return nonce[:]
}

// streamDigest names one stream: SHA-256 of its header, its sealed length (8) and its last tag. The header's random
// salt makes the key, under which one stream only was ever sealed and which authenticates every segment with its place;
// so who has no key can't make another stream of the same digest, and it is known as soon as a stream is opened, without
// reading it all.
func streamDigest(header []byte, sealed int64, tag []byte) (sum [sha256.Size]byte) {
	d := sha256.New()
	d.Write(header)
	d.Write(binary.BigEndian.AppendUint64(nil, uint64(sealed)))
	d.Write(tag)
	d.Sum(sum[:0])
	return sum
}

// errEnded is a use after Close or Discard, a mistake of the program.
var errEnded = errors.New("sealed stream has ended")

// StreamWriter seals what is written to it. It serves one goroutine, and ends with Close or Discard.
type StreamWriter struct {
	mute
	door    *door // asked at every segment: a stream does not outlive it
	w       io.Writer
	aead    cipher.AEAD
	header  [streamHeader]byte
	nonce   [gcmNonce]byte
	buf     *[segmentSize]byte
	n, room int // content in buf, and what this segment takes
	segment int64
	sealed  int64 // bytes written so far
	digest  [sha256.Size]byte
	err     error
}

// SealStream begins a sealed stream for one place and writes its header. Each call makes a new salt, so that a part
// that is written again, even with other content, never meets a nonce again.
func (h *Held) SealStream(b Binding, w io.Writer) (*StreamWriter, error) {
	if h == nil {
		return nil, fmt.Errorf("seal stream of %s: %w", b.Table, ErrNoKey)
	}
	if err := h.door.open(); err != nil {
		return nil, fmt.Errorf("seal stream of %s: %w", b.Table, err)
	}
	e := h.sealing
	s := &StreamWriter{w: w, door: h.door, room: segmentPlain - tinkHeader}
	head := append(s.header[:0], streamVersion)
	head = binary.BigEndian.AppendUint32(head, e.version)
	head = append(head, e.commit[:]...)
	head = append(head, tinkHeader)
	if _, err := rand.Read(s.header[len(head):]); err != nil {
		return nil, fmt.Errorf("stream salt: %w", err)
	}
	var err error
	if s.aead, err = e.streamCipher(b, s.header[streamFront+1:][:saltSize]); err != nil {
		return nil, err
	}
	if err := s.put(s.header[:]); err != nil {
		return nil, err
	}
	copy(s.nonce[:], s.header[streamHeader-noncePrefix:])
	s.buf = segments.Get().(*[segmentSize]byte)
	return s, nil
}

func (s *StreamWriter) put(b []byte) error {
	n, err := s.w.Write(b)
	s.sealed += int64(n)
	if err == nil && n != len(b) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return fmt.Errorf("write sealed stream: %w", err)
	}
	return nil
}

// Write takes content. A segment goes out once more content follows it, since the last one is marked.
func (s *StreamWriter) Write(p []byte) (n int, err error) {
	if s.err != nil {
		return 0, s.err
	}
	for len(p) > 0 {
		if s.n == s.room {
			if err := s.flush(false); err != nil {
				s.end(err)
				return n, err
			}
		}
		c := copy(s.buf[s.n:s.room], p)
		s.n, n, p = s.n+c, n+c, p[c:]
	}
	return n, nil
}

// flush seals the segment in place.
func (s *StreamWriter) flush(last bool) error {
	if err := s.door.open(); err != nil {
		return fmt.Errorf("seal stream: %w", err)
	}
	if s.segment >= maxSegments {
		return parlatory.Fail(parlatory.KindTooLarge, "This file is too large.")
	}
	out := s.aead.Seal(s.buf[:0], setNonce(&s.nonce, s.segment, last), s.buf[:s.n], nil)
	if err := s.put(out); err != nil {
		return err
	}
	if last {
		s.digest = streamDigest(s.header[:], s.sealed, out[len(out)-tagSize:])
	}
	s.segment, s.n, s.room = s.segment+1, 0, segmentPlain
	return nil
}

// end gives back the buffer; what comes later is answered with err.
func (s *StreamWriter) end(err error) {
	release(s.buf)
	s.buf, s.aead, s.err = nil, nil, err
}

// Close seals the last segment, without which the stream does not open. It does not close what it writes to.
func (s *StreamWriter) Close() error {
	if s.err != nil {
		return s.err
	}
	if err := s.flush(true); err != nil {
		s.end(err)
		return err
	}
	s.end(errEnded)
	return nil
}

// Discard gives up a stream that can't be finished, and wipes what it holds. After Close it does nothing.
func (s *StreamWriter) Discard() {
	if s.err == nil {
		s.end(errEnded)
	}
}

// Digest names this very stream, after Close; see StreamReader.Digest. Before, it is zero.
func (s *StreamWriter) Digest() [sha256.Size]byte { return s.digest }

// Sealed is the number of bytes written so far: after Close the stream's length.
func (s *StreamWriter) Sealed() int64 { return s.sealed }

// StreamReader opens a sealed stream at any place. Nothing is handed out of a segment that is not authentic. ReadAt
// may be called by many goroutines, though they wait for each other; Read and Seek serve one.
type StreamReader struct {
	mute
	r      io.ReaderAt
	count  int64 // segments
	door   *door // asked at every segment
	size   int64 // of the content
	sealed int64
	digest [sha256.Size]byte
	pos    int64

	mu    sync.Mutex
	aead  cipher.AEAD // nil once closed
	nonce [gcmNonce]byte
	buf   *[segmentSize]byte
	at    int64 // the segment in buf; -1 for none
	n     int   // length of its content
}

// OpenStream opens a stream of size sealed bytes. It checks the header and the last segment at once, so that number and
// length of the segments, and with them Size, are authentic from then on: a stream that was cut or made longer does not
// open. A change in another segment shows when that is read. Every change is ErrOpen, also from Read and ReadAt; errors
// of r itself stay what they are.
func (h *Held) OpenStream(b Binding, r io.ReaderAt, size int64) (*StreamReader, error) {
	if h == nil {
		return nil, fmt.Errorf("open stream of %s: %w", b.Table, ErrNoKey)
	}
	if err := h.door.open(); err != nil {
		return nil, fmt.Errorf("open stream of %s: %w", b.Table, err)
	}
	s := &StreamReader{r: r, door: h.door, sealed: size, at: -1}
	var err error
	if s.count, s.size, err = streamShape(size); err != nil {
		return nil, err
	}
	var head [streamHeader]byte
	if err := readFull(r, head[:], 0); err != nil {
		return nil, err
	}
	e := h.edition(binary.BigEndian.Uint32(head[1:5]))
	// The commitment first, as with values (AC-122).
	if e == nil || subtle.ConstantTimeCompare(head[5:streamFront], e.commit[:]) != 1 || head[0] != streamVersion || head[streamFront] != tinkHeader {
		return nil, fmt.Errorf("open stream of %s: %w", b.Table, ErrOpen)
	}
	if s.aead, err = e.streamCipher(b, head[streamFront+1:][:saltSize]); err != nil {
		return nil, err
	}
	copy(s.nonce[:], head[streamHeader-noncePrefix:])
	s.buf = segments.Get().(*[segmentSize]byte)
	tag, err := s.load(s.count - 1)
	if err != nil {
		release(s.buf)
		return nil, err
	}
	s.digest = streamDigest(head[:], size, tag[:])
	return s, nil
}

// readFull reads all of p; an end before that is a cut stream.
func readFull(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	switch {
	case n == len(p):
		return nil
	case err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("sealed stream is cut: %w", ErrOpen)
	}
	return fmt.Errorf("read sealed stream: %w", err)
}

// load brings a segment into the buffer and gives its tag. The caller holds mu.
func (s *StreamReader) load(segment int64) (tag [tagSize]byte, err error) {
	from, to := streamFront+segment*segmentSize, streamFront+(segment+1)*segmentSize
	if segment == 0 {
		from = streamHeader
	}
	if err := s.door.open(); err != nil {
		return tag, fmt.Errorf("open stream: %w", err)
	}
	in := s.buf[:min(to, s.sealed)-from]
	s.at, s.n = -1, 0
	if err := readFull(s.r, in, from); err != nil {
		return tag, err
	}
	copy(tag[:], in[len(in)-tagSize:])
	plain, err := s.aead.Open(in[:0], setNonce(&s.nonce, segment, segment == s.count-1), in, nil)
	if err != nil {
		return tag, fmt.Errorf("segment of sealed stream: %w", ErrOpen)
	}
	s.at, s.n = segment, len(plain)
	return tag, nil
}

// Size is the length of the content.
func (s *StreamReader) Size() int64 { return s.size }

// Digest names this very stream among all that were ever sealed for its place: equal to the writer's. Who keeps it in a
// sealed row finds an older stream that was put back.
func (s *StreamReader) Digest() [sha256.Size]byte { return s.digest }

// ReadAt fills p from an offset of the content.
func (s *StreamReader) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errors.New("sealed stream: offset below zero")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.aead == nil {
		return 0, errEnded
	}
	for len(p) > 0 {
		if off >= s.size {
			return n, io.EOF
		}
		// With the header in front, every segment begins at a multiple of its size.
		segment, within := (off+tinkHeader)/segmentPlain, (off+tinkHeader)%segmentPlain
		if segment == 0 {
			within = off
		}
		if s.at != segment {
			if _, err := s.load(segment); err != nil {
				return n, err
			}
		}
		c := copy(p, s.buf[within:s.n])
		n, off, p = n+c, off+int64(c), p[c:]
	}
	return n, nil
}

// Read reads on from where the last Read or Seek ended.
func (s *StreamReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, err := s.ReadAt(p, s.pos)
	s.pos += int64(n)
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// Seek sets where Read goes on.
func (s *StreamReader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += s.pos
	case io.SeekEnd:
		offset += s.size
	default:
		return 0, errors.New("sealed stream: seek from nowhere")
	}
	if offset < 0 {
		return 0, errors.New("sealed stream: seek before the start")
	}
	s.pos = offset
	return offset, nil
}

// Close wipes what is in memory; it does not close what the stream is read from.
func (s *StreamReader) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	release(s.buf)
	s.buf, s.aead, s.at, s.n = nil, nil, -1, 0
	return nil
}
