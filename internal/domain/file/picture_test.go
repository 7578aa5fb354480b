package file

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"parlatory"
)

const canary = "GPS-59.3293N-18.0686E-of-Ada"

// scene is a picture with four plainly different corners: red, green, blue and white, clockwise from the top left.
func scene(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{255, 0, 0, 255}
			switch {
			case x >= w/2 && y < h/2:
				c = color.RGBA{0, 255, 0, 255}
			case x >= w/2:
				c = color.RGBA{0, 0, 255, 255}
			case y >= h/2:
				c = color.RGBA{255, 255, 255, 255}
			}
			m.SetRGBA(x, y, c)
		}
	}
	return m
}

// noise has more colours than a palette.
func noise(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	_, _ = rand.NewChaCha8([32]byte{1}).Read(m.Pix)
	for i := 3; i < len(m.Pix); i += 4 {
		m.Pix[i] = 255
	}
	return m
}

func asJPEG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asPNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asGIF(t testing.TB, frames ...*image.RGBA) []byte {
	t.Helper()
	g := &gif.GIF{}
	for _, m := range frames {
		g.Image, g.Delay = append(g.Image, fewColours(m)), append(g.Delay, 1)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// exifBlock has an orientation, and a text with a place.
func exifBlock(orientation uint16, order binary.AppendByteOrder) []byte {
	b := []byte("MM\x00\x2a")
	if order.String() == "LittleEndian" {
		b = []byte("II\x2a\x00")
	}
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, 2)
	b = order.AppendUint16(b, 0x010e) // description, ASCII
	b = order.AppendUint16(b, 2)
	b = order.AppendUint32(b, uint32(len(canary)))
	b = order.AppendUint32(b, 38)
	b = order.AppendUint16(b, 0x0112)
	b = order.AppendUint16(b, 3)
	b = order.AppendUint32(b, 1)
	b = order.AppendUint16(b, orientation)
	b = order.AppendUint16(b, 0)
	b = order.AppendUint32(b, 0)
	return append(b, canary...)
}

func withExif(jpg, tiff []byte) []byte {
	data := append([]byte("Exif\x00\x00"), tiff...)
	seg := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(data)+2))
	comment := append([]byte{0xff, 0xfe, 0, byte(len(canary) + 2)}, canary...)
	return bytes.Join([][]byte{jpg[:2], seg, data, comment, jpg[2:]}, nil)
}

func chunk(kind string, data []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	b = append(append(b, kind...), data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

func withChunks(p []byte, chunks ...[]byte) []byte {
	const end = 8 + 25 // behind IHDR
	return bytes.Join([][]byte{p[:end], bytes.Join(chunks, nil), p[end:]}, nil)
}

// reencode gives the decoded view and thumbnail, and what was decoded.
func reencode(t testing.TB, b []byte) (view, thumb image.Image, out [2]Image) {
	t.Helper()
	v, th, err := Reencode(bytes.NewReader(b), PictureLimits{})
	if err != nil {
		t.Fatal(err)
	}
	return again(t, v), again(t, th), [2]Image{v, th}
}

// again decodes what was encoded, as a browser would.
func again(t testing.TB, i Image) image.Image {
	t.Helper()
	decode := map[Type]func(io.Reader) (image.Image, error){PNG: png.Decode, JPEG: jpeg.Decode}[i.Type]
	if decode == nil {
		t.Fatalf("type %q", i.Type)
	}
	m, err := decode(bytes.NewReader(i.Bytes))
	if err != nil {
		t.Fatal(err)
	}
	if m.Bounds() != image.Rect(0, 0, i.W, i.H) {
		t.Fatalf("%v, said to be %d x %d", m.Bounds(), i.W, i.H)
	}
	return m
}

func near(m image.Image, x, y int, want color.RGBA) bool {
	r, g, b, a := m.At(x, y).RGBA()
	for _, c := range [][2]int{{int(r >> 8), int(want.R)}, {int(g >> 8), int(want.G)}, {int(b >> 8), int(want.B)}, {int(a >> 8), int(want.A)}} {
		if d := c[0] - c[1]; d < -12 || d > 12 {
			return false
		}
	}
	return true
}

// Places, comments and what hangs on the end are gone from every format, and from view and thumbnail alike.
func TestPicturesLoseWhatIsNoPixel(t *testing.T) {
	tail := []byte("<html><script>" + canary + "</script></html>PK\x03\x04")
	for what, b := range map[string][]byte{
		"jpeg": append(withExif(asJPEG(t, noise(900, 600)), exifBlock(1, binary.BigEndian)), tail...),
		"png": append(withChunks(asPNG(t, noise(900, 600)), chunk("tEXt", []byte("Comment\x00"+canary)), chunk("eXIf", exifBlock(1, binary.BigEndian))),
			tail...),
		"gif":  append(asGIF(t, scene(600, 400)), tail...),
		"webp": append(asWebP(scene(600, 400), append([]byte("EXIF"), exifBlock(1, binary.BigEndian)...)), tail...),
	} {
		if !bytes.Contains(b, []byte(canary)) {
			t.Fatal(what, "holds no canary")
		}
		_, _, out := reencode(t, b)
		for i, o := range out {
			for _, gone := range []string{canary, "Exif", "eXIf", "tEXt", "<html", "PK\x03\x04"} {
				if bytes.Contains(o.Bytes, []byte(gone)) {
					t.Errorf("%s: %q is left in image %d", what, gone, i)
				}
			}
		}
	}
}

func TestPicturesAreTurned(t *testing.T) {
	red, green, blue, white := color.RGBA{255, 0, 0, 255}, color.RGBA{0, 255, 0, 255}, color.RGBA{0, 0, 255, 255}, color.RGBA{255, 255, 255, 255}
	// The corners as they must be seen, clockwise from the top left.
	seen := [][4]color.RGBA{
		1: {red, green, blue, white}, 2: {green, red, white, blue}, 3: {blue, white, red, green}, 4: {white, blue, green, red},
		5: {red, white, blue, green}, 6: {white, red, green, blue}, 7: {blue, green, red, white}, 8: {green, blue, white, red},
	}
	jpg, plain := asJPEG(t, scene(640, 320)), asPNG(t, scene(640, 320))
	for o := 1; o <= 8; o++ {
		for what, b := range map[string][]byte{
			"big-endian": withExif(jpg, exifBlock(uint16(o), binary.BigEndian)), "little-endian": withExif(jpg, exifBlock(uint16(o), binary.LittleEndian)),
			"png":  withChunks(plain, chunk("eXIf", exifBlock(uint16(o), binary.BigEndian))),
			"webp": asWebP(scene(640, 320), append([]byte("EXIF"), exifBlock(uint16(o), binary.LittleEndian)...)),
		} {
			view, thumb, _ := reencode(t, b)
			for _, m := range []image.Image{view, thumb} {
				w, h := m.Bounds().Dx(), m.Bounds().Dy()
				if (w > h) != (o < 5) {
					t.Errorf("%s %d: %d x %d", what, o, w, h)
				}
				for i, at := range []image.Point{{w / 8, h / 8}, {w - w/8, h / 8}, {w - w/8, h - h/8}, {w / 8, h - h/8}} {
					if !near(m, at.X, at.Y, seen[o][i]) {
						t.Errorf("%s %d: corner %d is %v", what, o, i, m.At(at.X, at.Y))
					}
				}
			}
		}
	}
	for _, o := range []uint16{0, 9, 65535} {
		if m, _, _ := reencode(t, withExif(jpg, exifBlock(o, binary.BigEndian))); !near(m, 10, 10, red) || m.Bounds().Dx() != 640 {
			t.Errorf("orientation %d turns", o)
		}
	}
}

func TestPicturesAreScaled(t *testing.T) {
	for _, c := range []struct{ w, h, vw, vh, tw, th int }{
		{5120, 2560, 2560, 1280, 480, 240}, {2561, 100, 2560, 100, 480, 19}, {100, 7000, 37, 2560, 7, 480}, {1, 12_000, 1, 2560, 1, 480}, {300, 200, 300, 200, 300, 200}, {1, 1, 1, 1, 1, 1},
	} {
		view, thumb, out := reencode(t, asPNG(t, scene(c.w, c.h)))
		if out[0].W != c.vw || out[0].H != c.vh || out[1].W != c.tw || out[1].H != c.th {
			t.Errorf("%d x %d: view %d x %d, thumb %d x %d", c.w, c.h, out[0].W, out[0].H, out[1].W, out[1].H)
		}
		for _, m := range []image.Image{view, thumb} {
			if w, h := m.Bounds().Dx(), m.Bounds().Dy(); w > 20 && h > 20 && (!near(m, 2, 2, color.RGBA{255, 0, 0, 255}) || !near(m, w-3, h-3, color.RGBA{0, 0, 255, 255})) {
				t.Errorf("%d x %d: corners %v, %v", c.w, c.h, m.At(2, 2), m.At(w-3, h-3))
			}
		}
	}
	// Each new pixel is the mean of what it covers: black and white stripes become grey, whole or in part.
	stripes := image.NewGray(image.Rect(0, 0, 3000, 40))
	for i := range stripes.Pix {
		stripes.Pix[i] = uint8(i%2) * 255
	}
	for _, w := range []int{1500, 750, 1000, 7} {
		m := shrink(stripes, w, 10)
		for x := range w {
			if c := m.RGBAAt(x, 5); c.R < 84 || c.R > 171 || c.R != c.G || c.A != 255 {
				t.Fatalf("%d pixels: %v at %d", w, c, x)
			}
		}
	}
}

// Photos become JPEG; what is transparent stays so; few colours stay exact.
func TestPictureFormats(t *testing.T) {
	glass := image.NewNRGBA(image.Rect(0, 0, 1000, 800))
	for i := range glass.Pix {
		glass.Pix[i] = uint8(i >> 5)
	}
	for what, c := range map[string]struct {
		b    []byte
		want Type
	}{
		"photo": {asJPEG(t, noise(700, 500)), JPEG}, "photo as png": {asPNG(t, noise(700, 500)), JPEG}, "transparent": {asPNG(t, glass), PNG}, "drawing": {asPNG(t, scene(700, 500)), PNG},
		"drawing as gif": {asGIF(t, scene(700, 500), scene(700, 500)), PNG},
	} {
		_, _, out := reencode(t, c.b)
		if out[0].Type != c.want {
			t.Errorf("%s: %s", what, out[0].Type)
		}
	}
	view, _, _ := reencode(t, asPNG(t, glass))
	if _, _, _, a := view.At(0, 0).RGBA(); a != 0 {
		t.Error("transparency is lost")
	}
	// Of a film the first picture.
	film, _, _ := reencode(t, asGIF(t, scene(100, 100), noiseless(100)))
	if !near(film, 5, 5, color.RGBA{255, 0, 0, 255}) {
		t.Error(film.At(5, 5))
	}
}

func noiseless(n int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, n, n))
	for i := 3; i < len(m.Pix); i += 4 {
		m.Pix[i] = 255
	}
	return m
}

// A header that promises too much is refused by the header alone.
func TestBombsAreRefused(t *testing.T) {
	header := func(w, h uint32, depth, kind byte) []byte {
		b := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
		return append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", append(b, depth, kind, 0, 0, 0))...)
	}
	bigGIF := asGIF(t, scene(10, 10))
	binary.LittleEndian.PutUint16(bigGIF[6:], 65_535)
	bigJPEG := asJPEG(t, scene(16, 16))
	at := bytes.Index(bigJPEG, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(bigJPEG[at+5:], 65_500)
	slow := bytes.Clone(bigJPEG)
	binary.BigEndian.PutUint16(slow[at+5:], 6000)
	binary.BigEndian.PutUint16(slow[at+7:], 6000)
	quick := bytes.Clone(slow)
	slow[at+1] = 0xc2 // progressive: 36 megapixels would take 540 MB
	scans := asJPEG(t, scene(16, 16))
	sos := bytes.Index(scans, []byte{0xff, 0xda})
	scans = bytes.Join([][]byte{scans[:len(scans)-2], bytes.Repeat(scans[sos:len(scans)-2], maxScans), scans[len(scans)-2:]}, []byte("rubbish"))
	for what, b := range map[string][]byte{
		"wide": header(12_001, 1, 8, 2), "high": header(1, 1<<30, 8, 2), "many pixels": header(12_000, 12_000, 1, 0), "deep": header(7000, 7000, 16, 6), "gif": bigGIF, "jpeg": bigJPEG,
		"progressive": slow, "scans": scans, "bytes": append(asPNG(t, scene(10, 10)), make([]byte, 32<<20)...),
	} {
		_, _, err := Reencode(bytes.NewReader(b), PictureLimits{})
		if !errors.Is(err, ErrPictureSize) || parlatory.KindOf(err) != parlatory.KindTooLarge {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, _, err := Reencode(bytes.NewReader(quick), PictureLimits{}); !errors.Is(err, ErrPicture) {
		t.Error("36 megapixels that are no progressive ones are refused by size:", err)
	}
	// A bomb with an honest header is an ordinary picture, and one with more pixels than it said is broken.
	lie := asPNG(t, scene(500, 500))
	binary.BigEndian.PutUint32(lie[16:], 5)
	binary.BigEndian.PutUint32(lie[29:], crc32.ChecksumIEEE(lie[12:29]))
	if _, _, err := Reencode(bytes.NewReader(lie), PictureLimits{}); !errors.Is(err, ErrPicture) {
		t.Error(err)
	}
}

func TestBrokenPicturesAreRefused(t *testing.T) {
	for what, b := range map[string][]byte{
		"jpeg": asJPEG(t, noise(300, 200)), "png": asPNG(t, noise(300, 200)), "gif": asGIF(t, scene(300, 200)), "webp": asWebP(scene(300, 200)),
	} {
		for _, n := range []int{0, 3, 12, 40, len(b) / 4, len(b) / 2, len(b) * 3 / 4} {
			_, _, err := Reencode(bytes.NewReader(b[:n]), PictureLimits{})
			if !errors.Is(err, ErrPicture) || parlatory.KindOf(err) != parlatory.KindInvalid {
				t.Errorf("%s cut to %d of %d: %v", what, n, len(b), err)
			}
		}
	}
	for what, s := range map[string]string{"svg": heads["svg"], "html": heads["html"], "pdf": heads["pdf"], "text": "text"} {
		if _, _, err := Reencode(bytes.NewReader([]byte(s)), PictureLimits{}); !errors.Is(err, ErrPicture) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, _, err := Reencode(iotest.ErrReader(io.ErrNoProgress), PictureLimits{}); !errors.Is(err, io.ErrNoProgress) {
		t.Error(err)
	}
}

func FuzzReencode(f *testing.F) {
	small := PictureLimits{Bytes: 1 << 20, Pixels: 1 << 16, Side: 512, View: 64, Thumb: 16}
	f.Add(withExif(asJPEG(f, scene(20, 10)), exifBlock(6, binary.LittleEndian)))
	f.Add(withChunks(asPNG(f, scene(20, 10)), chunk("eXIf", exifBlock(8, binary.BigEndian))))
	f.Add(asGIF(f, scene(20, 10), scene(20, 10)))
	f.Add(asWebP(scene(20, 10), append([]byte("EXIF"), exifBlock(6, binary.BigEndian)...)))
	f.Fuzz(func(t *testing.T, b []byte) {
		view, thumb, err := Reencode(bytes.NewReader(b), small)
		if err != nil {
			if !errors.Is(err, ErrPicture) && !errors.Is(err, ErrPictureSize) {
				t.Fatal(err)
			}
			return
		}
		again(t, view)
		again(t, thumb)
		if max(view.W, view.H) > 64 || max(thumb.W, thumb.H) > 16 {
			t.Fatal("larger than asked for")
		}
	})
}

// asWebP writes a lossless WebP (RFC 9649 §3) of a picture whose colours are 0 or 255 each: one bit a colour.
func asWebP(m *image.RGBA, chunks ...[]byte) []byte {
	var bits []byte
	n := 0
	put := func(v uint32, count int) {
		for i := range count {
			if n%8 == 0 {
				bits = append(bits, 0)
			}
			bits[n/8] |= byte(v>>i&1) << (n % 8)
			n++
		}
	}
	put(0x2f, 8)
	put(uint32(m.Bounds().Dx()-1), 14)
	put(uint32(m.Bounds().Dy()-1), 14)
	put(0, 1+3+3) // no alpha, version 0, no transform, no cache, one group of codes
	for range 3 { // green, red and blue have the symbols 0 and 255
		put(0b011, 3)
		put(0, 1)
		put(255, 8)
	}
	put(0b101, 3) // alpha always 255
	put(255, 8)
	put(0b001, 3) // distance always 0
	put(0, 1)
	for i := 0; i < len(m.Pix); i += 4 {
		for _, c := range []int{1, 0, 2} {
			put(uint32(m.Pix[i+c]>>7), 1)
		}
	}
	body := []byte("WEBP")
	for _, c := range append([][]byte{append([]byte("VP8L"), bits...)}, chunks...) {
		body = append(body, c[:4]...)
		body = binary.LittleEndian.AppendUint32(body, uint32(len(c)-4))
		body = append(body, c[4:]...)
		if len(c)%2 == 1 {
			body = append(body, 0)
		}
	}
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}
