package app

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"

	"parlatory"
	"parlatory/internal/domain/file"
)

// The sample files are made here: the repository holds no file that nobody can read.
const (
	samplePicture  = "bench.png"
	sampleDocument = "Oiling an oak bench.pdf"
)

// upload sends a sample file as a person's browser does, and gives its id for the message that brings it.
func (s *seeder) upload(ctx context.Context, who parlatory.Actor, room parlatory.RoomID, name string) (parlatory.FileID, error) {
	content, claim := document("Oiling an oak bench", "Once a year, in spring, on a dry day:", "1. Brush the bench, and let it dry.",
		"2. Put on a thin coat of oil with a cloth.", "3. Wipe off what stands after twenty minutes."), "application/pdf"
	if name == samplePicture {
		var err error
		if content, err = bench(); err != nil {
			return parlatory.FileID{}, err
		}
		claim = "image/png"
	}
	f, err := s.Rooms.File.Begin(ctx, who, file.Beginning{
		Room: room, Client: parlatory.NewID[parlatory.ClientKind](s.Clock), Name: name, Claim: claim, Size: int64(len(content)),
	})
	if err != nil {
		return f.ID, fmt.Errorf("announce file: %w", err)
	}
	if err := s.Rooms.File.PutPart(ctx, who, f.ID, 1, bytes.NewReader(content), int64(len(content))); err != nil {
		return f.ID, fmt.Errorf("send file: %w", err)
	}
	if f, err = s.Rooms.File.Complete(ctx, who, f.ID); err == nil && f.State != file.Ready {
		err = fmt.Errorf("sample file %s is %s: %s", name, f.State, f.Reason)
	}
	return f.ID, err
}

// bench draws a bench on a lawn at dusk, as a PNG.
func bench() ([]byte, error) {
	const w, h = 960, 640
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	fill := func(r image.Rectangle, top, bottom color.RGBA) {
		for y := r.Min.Y; y < r.Max.Y; y++ {
			t, all := y-r.Min.Y, max(1, r.Dy()-1)
			mix := func(a, b uint8) uint8 { return uint8((int(a)*(all-t) + int(b)*t) / all) }
			c := color.RGBA{mix(top.R, bottom.R), mix(top.G, bottom.G), mix(top.B, bottom.B), 255}
			for x := r.Min.X; x < r.Max.X; x++ {
				m.SetRGBA(x, y, c)
			}
		}
	}
	oak, worn, dark := color.RGBA{178, 128, 78, 255}, color.RGBA{150, 140, 126, 255}, color.RGBA{104, 74, 46, 255}
	fill(image.Rect(0, 0, w, 400), color.RGBA{88, 128, 178, 255}, color.RGBA{248, 206, 164, 255})
	fill(image.Rect(0, 400, w, h), color.RGBA{96, 140, 84, 255}, color.RGBA{58, 98, 60, 255})
	for _, x := range []int{220, 700} {
		fill(image.Rect(x, 240, x+32, 540), oak, dark)
	}
	for _, y := range []int{256, 304, 352} {
		fill(image.Rect(180, y, 772, y+30), oak, dark)
	}
	fill(image.Rect(164, 416, 788, 446), worn, dark) // the seat has gone grey
	fill(image.Rect(164, 450, 788, 466), dark, dark)
	var b bytes.Buffer
	err := png.Encode(&b, m)
	return b.Bytes(), err
}

// document writes lines as a PDF of one page (ISO 32000-1 §7.5). The lines hold no brackets and no backslash.
func document(lines ...string) []byte {
	var text strings.Builder
	text.WriteString("BT /F 14 Tf 72 760 Td 24 TL\n")
	for _, line := range lines {
		fmt.Fprintf(&text, "(%s) Tj T*\n", line)
	}
	text.WriteString("ET")
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", text.Len(), text.String()),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	places := make([]int, len(objects))
	for i, o := range objects {
		places[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	table := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, at := range places {
		fmt.Fprintf(&b, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, table)
	return b.Bytes()
}
