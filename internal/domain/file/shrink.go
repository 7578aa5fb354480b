package file

import (
	"image"
	"image/draw"
)

// shrink makes a picture w by h pixels, no larger than it was, by the mean of the area that each new pixel covers: no
// ringing and no missed lines, and it holds one row of the old picture at a time, where a resampling with a wider
// kernel in two passes would hold 32 bytes for each pixel of the new width and the old height.
func shrink(src image.Image, w, h int) *image.RGBA {
	b := src.Bounds()
	sw, sh := b.Dx(), b.Dy()
	if w == sw && h == sh {
		return whole(src)
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	row := image.NewRGBA(image.Rect(0, 0, sw, 1))
	narrow, sum := make([]float32, 4*w), make([]float32, 4*w)
	spans := spread(sw, w)
	// A row of the old picture is sh parts of the new one's h*sh; of it, the new row takes what it has room for.
	y, room := 0, sh
	for sy := range sh {
		draw.Draw(row, row.Bounds(), src, image.Pt(b.Min.X, b.Min.Y+sy), draw.Src)
		squeeze(narrow, row.Pix, spans)
		for left := h; left > 0; {
			part := min(left, room)
			weight := float32(part) / float32(sh)
			for i, v := range narrow {
				sum[i] += v * weight
			}
			left, room = left-part, room-part
			if room == 0 {
				settle(out.Pix[y*out.Stride:], sum)
				y, room = y+1, sh
			}
		}
	}
	return out
}

// span is the part of a row that one new pixel covers: whole pixels between a first and a last that count in part.
type span struct {
	from, to    int // the last one included
	first, last float32
}

func spread(sw, w int) []span {
	spans := make([]span, w)
	for x := range spans {
		start, end := x*sw, (x+1)*sw // in w-ths of an old pixel
		s := span{from: start / w, to: (end - 1) / w}
		if s.first = float32((s.from+1)*w-start) / float32(sw); s.from == s.to {
			s.first = 1
		}
		s.last = float32(end-s.to*w) / float32(sw)
		spans[x] = s
	}
	return spans
}

// squeeze makes the row narrower.
func squeeze(dst []float32, pix []uint8, spans []span) {
	full := float32(len(spans)) / float32(len(pix)/4)
	for x, s := range spans {
		p := pix[4*s.from:]
		r, g, b, a := float32(p[0])*s.first, float32(p[1])*s.first, float32(p[2])*s.first, float32(p[3])*s.first
		if s.to > s.from {
			var ir, ig, ib, ia uint32
			for i := s.from + 1; i < s.to; i++ {
				q := pix[4*i : 4*i+4 : 4*i+4]
				ir, ig, ib, ia = ir+uint32(q[0]), ig+uint32(q[1]), ib+uint32(q[2]), ia+uint32(q[3])
			}
			q := pix[4*s.to:]
			r += float32(ir)*full + float32(q[0])*s.last
			g += float32(ig)*full + float32(q[1])*s.last
			b += float32(ib)*full + float32(q[2])*s.last
			a += float32(ia)*full + float32(q[3])*s.last
		}
		dst[4*x], dst[4*x+1], dst[4*x+2], dst[4*x+3] = r, g, b, a
	}
}

// settle rounds a finished row and clears the sums. No colour is above its alpha, since all were rounded alike.
func settle(dst []uint8, sum []float32) {
	for i, v := range sum {
		dst[i] = uint8(min(255, v+0.5))
		sum[i] = 0
	}
}

// turn rights a picture by the camera's orientation (EXIF 2.32 §4.6.4): the values name where row 0 and column 0 are.
func turn(m *image.RGBA, orientation int) *image.RGBA {
	if orientation <= 1 || orientation > 8 {
		return m
	}
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	ow, oh := w, h
	if orientation >= 5 {
		ow, oh = h, w
	}
	out := image.NewRGBA(image.Rect(0, 0, ow, oh))
	for y := range oh {
		for x := range ow {
			sx, sy := x, y
			if orientation >= 5 {
				sx, sy = y, x
			}
			switch orientation {
			case 2, 7, 3, 8:
				sx = w - 1 - sx
			}
			switch orientation {
			case 3, 4, 6, 7:
				sy = h - 1 - sy
			}
			copy(out.Pix[y*out.Stride+4*x:][:4], m.Pix[sy*m.Stride+4*sx:][:4])
		}
	}
	return out
}
