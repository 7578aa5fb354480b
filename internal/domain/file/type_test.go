package file

import (
	"errors"
	"strings"
	"testing"

	"parlatory"
)

// Heads of files, as programs write them.
var heads = map[string]string{
	"png":  "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00",
	"jpeg": "\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00",
	"gif":  "GIF89a\x01\x00\x01\x00\x00\x00\x00", "webp": "RIFF\x24\x00\x00\x00WEBPVP8 \x18\x00\x00\x00",
	"pdf": "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "ole": "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 100),
	"docx": "PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x13\x00\x08\x02[Content_Types].xml",
	"zip":  "PK\x03\x04\x14\x00\x00\x00\x08\x00\x00\x00!\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00a.txt", "emptyzip": "PK\x05\x06" + strings.Repeat("\x00", 18),
	"webm": "\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08\x42\x82\x84webmB\x87\x81\x04",
	"mkv":  "\x1a\x45\xdf\xa3\xa3\x42\x86\x81\x01\x42\x82\x88matroska\x42\x87\x81\x04", "opus": "OggS\x00\x02" + strings.Repeat("\x00", 22) + "OpusHead\x01\x01",
	"mp4": "\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41", "m4a": "\x00\x00\x00\x20ftypM4A \x00\x00\x02\x00isomiso2", "mov": "\x00\x00\x00\x14ftypqt  \x00\x00\x02\x00qt  ",
	"heic": "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "mp3": "ID3\x04\x00\x00\x00\x00\x00\x00", "mp3bare": "\xff\xfb\x90\x64\x00\x0f\xf0\x00", "aac": "\xff\xf1\x50\x80\x00\x1f\xfc\x00",
	"wav": "RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00", "text": "Grüße aus Gotland\r\n\tund mehr", "latin": "Gr\xfc\xdfe aus Gotland", "exe": "MZ\x90\x00\x03\x00\x00\x00",
	"elf": "\x7fELF\x02\x01\x01\x00", "html": "<!DOCTYPE html><html><script>alert(1)</script>", "svg": `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`,
	"empty": "", "nul": "text\x00text", "utf16": "\xff\xfeh\x00i\x00",
	"pnghtml":  "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x50tEXtx\x00<ScRiPt>alert(1)</script>",
	"gifjs":    "GIF89a/*\x00\x00\x00\x00*/=1;alert(1)",
	"htmlgif":  "GIF89a<html><body onload=alert(1)>",
	"jpegphp":  "\xff\xd8\xff\xfe\x00\x20<?php system($_GET[0]); ?>",
	"longtext": strings.Repeat("ü", HeadSize), "cuttext": strings.Repeat("x", HeadSize-1) + "ü",
}

func TestInspect(t *testing.T) {
	for _, c := range []struct {
		head, name, declared string
		want                 Type
	}{
		{"png", "a.png", "image/png", PNG}, {"png", "A.PNG", "", PNG}, {"png", "a.png", "application/octet-stream", PNG}, {"jpeg", "a.jpg", "image/jpeg", JPEG}, {"jpeg", "a.jpeg", "image/jpeg", JPEG},
		{"gif", "a.gif", "image/gif", GIF}, {"webp", "a.webp", "image/webp", WebP}, {"pdf", "a.pdf", "application/pdf", PDF}, {"ole", "a.doc", "application/msword", OldWord},
		{"ole", "a.xls", "application/vnd.ms-excel", OldExcel}, {"ole", "a.docx", string(Word), Word}, {"docx", "a.docx", string(Word), Word}, {"docx", "a.xlsx", "", Excel}, {"docx", "a.pptx", "", Slides},
		{"zip", "a.zip", "application/x-zip-compressed", Zip}, {"emptyzip", "a.zip", "", Zip}, {"docx", "a.zip", "application/zip", Zip}, {"webm", "a.webm", "audio/webm;codecs=opus", AudioWebM},
		{"webm", "a.webm", "video/webm", WebM}, {"webm", "a.webm", "", WebM}, {"opus", "a.ogg", "audio/ogg; codecs=opus", Ogg}, {"mp4", "a.mp4", "video/mp4", MP4}, {"mp4", "a.mp4", "audio/mp4", AudioMP4},
		{"m4a", "a.m4a", "audio/x-m4a", AudioMP4}, {"mp3", "a.mp3", "audio/mpeg", MP3}, {"mp3bare", "a.mp3", "", MP3}, {"wav", "a.wav", "audio/wav", WAV}, {"text", "a.txt", "text/plain; charset=utf-8", Text},
		{"text", "a.csv", "application/vnd.ms-excel", CSV}, {"text", "a.csv", "text/csv", CSV}, {"text", "a.log", "", Text}, {"longtext", "a.txt", "", Text}, {"cuttext", "a.txt", "", Text}, {"empty", "a.txt", "", Text},
		// What is not known, or where the three do not agree, is only a download.
		{"latin", "a.txt", "text/plain", Octets}, {"utf16", "a.csv", "text/csv", Octets}, {"nul", "a.txt", "", Octets}, {"exe", "a.exe", "application/x-msdownload", Octets}, {"elf", "a", "", Octets},
		{"html", "a.html", "text/html", Octets}, {"html", "a.htm", "", Octets}, {"svg", "a.svg", "image/svg+xml", Octets}, {"svg", "a.svg", "", Octets}, {"png", "a.svg", "image/svg+xml", Octets},
		{"png", "a", "image/png", Octets}, {"png", "a.png.exe", "", Octets}, {"png", "a.png.", "", Octets}, {"png", "a.html", "image/png", Octets}, {"png", "a.png", "text/html", Octets},
		{"png", "a.png", "image/svg+xml", Octets}, {"png", "a.png", ";;;", Octets}, {"heic", "a.heic", "image/heic", Octets}, {"mov", "a.mov", "video/quicktime", Octets}, {"mkv", "a.mkv", "video/x-matroska", Octets},
		{"zip", "a.jar", "application/java-archive", Octets}, {"gif", "a.jar", "", Octets}, {"docx", "a.docm", "", Octets}, {"aac", "a.aac", "", Octets}, {"docx", "a.docx", "application/zip", Octets},
		{"text", "a.js", "text/javascript", Octets}, {"ole", "a.msi", "", Octets},
	} {
		got, err := Inspect([]byte(heads[c.head]), c.name, c.declared)
		if err != nil || got != c.want {
			t.Errorf("%s as %q, declared %q: %q, %v", c.head, c.name, c.declared, got, err)
		}
	}
}

// A file that claims to be what its content is not is refused, and so is a picture that is also a page.
func TestAC_097_DisguisedFilesAreRefused(t *testing.T) {
	for _, c := range [][3]string{
		{"html", "a.png", "image/png"}, {"html", "a.jpg", ""}, {"html", "photo", "image/jpeg"}, {"svg", "a.png", "image/png"}, {"svg", "a.gif", ""}, {"exe", "a.pdf", "application/pdf"},
		{"exe", "a.docx", ""}, {"elf", "a.mp4", ""}, {"zip", "a.gif", "image/gif"}, {"zip", "a.png", ""}, {"zip", "a.docx", string(Word)}, {"png", "a.jpg", "image/jpeg"}, {"jpeg", "a.png", ""},
		{"png", "a.pdf", ""}, {"pdf", "a.txt", "text/plain"}, {"png", "a.txt", ""}, {"text", "a.png", ""}, {"mov", "a.mp4", "video/mp4"}, {"mkv", "a.webm", "video/webm"}, {"heic", "a.jpg", "image/jpeg"},
		{"gif", "a.gif", "image/png"}, {"aac", "a.mp3", ""}, {"empty", "a.png", ""},
		{"pnghtml", "a.png", "image/png"}, {"htmlgif", "a.gif", "image/gif"}, {"jpegphp", "a.jpg", "image/jpeg"}, {"htmlgif", "a.html", "text/html"}, {"pnghtml", "a.bin", ""},
	} {
		got, err := Inspect([]byte(heads[c[0]]), c[1], c[2])
		if got != Octets || !errors.Is(err, ErrDisguised) || parlatory.KindOf(err) != parlatory.KindInvalid {
			t.Errorf("%s as %q, declared %q: %q, %v", c[0], c[1], c[2], got, err)
		}
	}
	// A picture whose head is no markup but a script in disguise is a picture: what is shown is encoded anew.
	if got, err := Inspect([]byte(heads["gifjs"]), "a.gif", "image/gif"); got != GIF || err != nil {
		t.Error(got, err)
	}
}

func FuzzInspect(f *testing.F) {
	for _, h := range heads {
		f.Add([]byte(h), "a.png", "image/png")
		f.Add([]byte(h), "a.csv", "text/plain; charset=x")
	}
	f.Fuzz(func(t *testing.T, head []byte, name, declared string) {
		got, err := Inspect(head, name, declared)
		if err != nil && (got != Octets || !errors.Is(err, ErrDisguised)) {
			t.Fatal(got, err)
		}
		if got != Octets && !strings.Contains(name, ".") {
			t.Fatalf("%q without an extension is %q", name, got)
		}
		if got.Picture() && markup(head[:min(len(head), HeadSize)]) {
			t.Fatalf("a page is %q", got)
		}
	})
}
