package file

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/webp"

	"parlatory"
)

// PictureLimits bound a picture before it is decoded. Zero values are the defaults.
type PictureLimits struct {
	Bytes  int64 // of the file; 32 MiB
	Pixels int64 // 50 million
	Side   int   // longest side in pixels; 12,000
	Memory int64 // that decoding may take, as far as the header tells; 256 MiB
	View   int   // longest side of the view; 2,560
	Thumb  int   // longest side of the thumbnail; 480
}

func (l PictureLimits) complete() PictureLimits {
	set := func(v *int64, to int64) {
		if *v <= 0 {
			*v = to
		}
	}
	set(&l.Bytes, 32<<20)
	set(&l.Pixels, 50_000_000)
	set(&l.Memory, 256<<20)
	for v, to := range map[*int]int{&l.Side: 12_000, &l.View: 2560, &l.Thumb: 480} {
		if *v <= 0 {
			*v = to
		}
	}
	return l
}

// maxScans bounds the passes of a progressive JPEG, each of which may cost a walk over the whole picture for a few
// bytes. Programs write ten.
const maxScans = 64

// Image is a picture encoded anew, without metadata.
type Image struct {
	Bytes []byte
	Type  Type // JPEG or PNG
	W, H  int
}

// ErrPicture is the cause where a picture is broken, cut or of no known form, ErrPictureSize where it is beyond its
// limits.
var (
	ErrPicture     = errors.New("picture can't be read")
	ErrPictureSize = errors.New("picture is beyond its limits")
)

func unreadable() error {
	return parlatory.Fail(parlatory.KindInvalid, "This picture can't be read.").Because(ErrPicture)
}

func tooLarge() error {
	return parlatory.Fail(parlatory.KindTooLarge, "This picture is too large to be shown.").Because(ErrPictureSize)
}

// Reencode decodes a PNG, JPEG, GIF (its first frame) or WebP, turns it as its camera says, and encodes a view and a
// thumbnail anew from the pixels: nothing else of the file survives. Photos become JPEG; what has transparency, few colours or hardly gains
// by JPEG becomes PNG. It takes up to PictureLimits.Memory and some seconds of one core: the caller runs one at a time. Colour
// profiles are dropped with the rest of the metadata, so colours beyond sRGB look a little paler.
func Reencode(r io.Reader, limit PictureLimits) (view, thumb Image, err error) {
	limit = limit.complete()
	b, err := io.ReadAll(io.LimitReader(r, limit.Bytes+1))
	if err != nil {
		return view, thumb, fmt.Errorf("read picture: %w", err)
	}
	if int64(len(b)) > limit.Bytes {
		return view, thumb, tooLarge()
	}
	kind := Octets
	if types := contentTypes(b[:min(len(b), HeadSize)]); len(types) > 0 && types[0].Picture() {
		kind = types[0]
	}
	c, ok := codecs[kind]
	if !ok {
		return view, thumb, unreadable()
	}
	if err := judge(kind, c, b, limit); err != nil {
		return view, thumb, err
	}
	src, err := decode(c, b)
	if err != nil {
		return view, thumb, err
	}
	w, h := fit(src.Bounds().Dx(), src.Bounds().Dy(), limit.View)
	shown := turn(shrink(src, w, h), orientation(kind, b))
	if view, err = encode(shown, kind); err != nil {
		return view, thumb, err
	}
	w, h = fit(view.W, view.H, limit.Thumb)
	thumb, err = encode(shrink(shown, w, h), kind)
	return view, thumb, err
}

// codec is how a format is read. They are called by name: no registry decides what is decoded.
type codec struct {
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

var codecs = map[Type]codec{
	PNG: {png.DecodeConfig, png.Decode}, JPEG: {jpeg.DecodeConfig, jpeg.Decode},
	GIF: {gif.DecodeConfig, gif.Decode}, WebP: {webp.DecodeConfig, webp.Decode},
}

// judge checks what the header says, before anything is decoded.
func judge(kind Type, c codec, b []byte, limit PictureLimits) error {
	config, err := safely(func() (image.Config, error) { return c.config(bytes.NewReader(b)) })
	if err != nil || config.Width <= 0 || config.Height <= 0 {
		return unreadable()
	}
	if max(config.Width, config.Height) > limit.Side {
		return tooLarge()
	}
	perPixel := cost(kind, config.ColorModel)
	if kind == JPEG {
		progressive, scans := jpegForm(b)
		if scans > maxScans {
			return tooLarge()
		}
		if progressive {
			perPixel = 15 // 32 bits a coefficient, three colours, and the picture
		}
	}
	if pixels := int64(config.Width) * int64(config.Height); pixels > limit.Pixels || pixels*perPixel > limit.Memory {
		return tooLarge()
	}
	return nil
}

// cost is about how many bytes a pixel takes while it is decoded.
func cost(kind Type, model color.Model) int64 {
	switch kind {
	case GIF:
		return 2
	case JPEG:
		if model == color.CMYKModel { // and a progressive one keeps its coefficients beside them
			return 24
		}
		return 4
	case WebP:
		return 5
	}
	switch model {
	case color.RGBA64Model, color.NRGBA64Model:
		return 8
	}
	return 5
}

// jpegForm tells whether a JPEG is progressive, and how many scans it has.
func jpegForm(b []byte) (progressive bool, scans int) {
	for marker := range jpegSegments(b) {
		switch marker {
		case jpegProgressive:
			progressive = true
		case jpegScan:
			scans++
		}
	}
	return progressive, scans
}

// safely takes a decoder's panic for a broken picture: bytes of strangers must not end the process.
func safely[T any](f func() (T, error)) (v T, err error) {
	defer func() {
		if recover() != nil {
			err = ErrPicture
		}
	}()
	return f()
}

func decode(c codec, b []byte) (image.Image, error) {
	src, err := safely(func() (image.Image, error) { return c.decode(bytes.NewReader(b)) })
	if err != nil || src.Bounds().Empty() {
		return nil, unreadable()
	}
	return src, nil
}

const jpegQuality = 85

// encode chooses the format: see Reencode.
func encode(m *image.RGBA, from Type) (Image, error) {
	out := Image{Type: JPEG, W: m.Bounds().Dx(), H: m.Bounds().Dy()}
	var lossy, exact bytes.Buffer
	opaque := m.Opaque()
	if opaque {
		if err := jpeg.Encode(&lossy, m, &jpeg.Options{Quality: jpegQuality}); err != nil {
			return out, fmt.Errorf("encode picture: %w", err)
		}
		out.Bytes = lossy.Bytes()
	}
	few := fewColours(m)
	if opaque && few == nil && from == JPEG {
		return out, nil
	}
	var src image.Image = m
	if few != nil {
		src = few
	}
	if err := png.Encode(&exact, src); err != nil {
		return out, fmt.Errorf("encode picture: %w", err)
	}
	if !opaque || exact.Len() <= 2*lossy.Len() {
		out.Type, out.Bytes = PNG, exact.Bytes()
	}
	return out, nil
}

// fewColours is the picture with a palette, or nil if it has more than 256 colours.
func fewColours(m *image.RGBA) *image.Paletted {
	index := map[color.RGBA]uint8{}
	p := image.NewPaletted(m.Bounds(), nil)
	for i := 0; i < len(m.Pix); i += 4 {
		c := color.RGBA{m.Pix[i], m.Pix[i+1], m.Pix[i+2], m.Pix[i+3]}
		at, ok := index[c]
		if !ok {
			if len(index) == 256 {
				return nil
			}
			at = uint8(len(index))
			index[c] = at
			p.Palette = append(p.Palette, c)
		}
		p.Pix[i/4] = at
	}
	return p
}

// fit keeps the proportions; the longest side is at most most.
func fit(w, h, most int) (int, int) {
	longest := max(w, h)
	if longest <= most {
		return w, h
	}
	return max(1, (w*most+longest/2)/longest), max(1, (h*most+longest/2)/longest)
}

// whole copies a picture of any kind; its pixels are then without gaps, from 0,0 on.
func whole(src image.Image) *image.RGBA {
	b := src.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(out, out.Bounds(), src, b.Min, draw.Src)
	return out
}
