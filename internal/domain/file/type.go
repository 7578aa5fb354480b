package file

import (
	"bytes"
	"errors"
	"mime"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"parlatory"
)

// Type is a media type that a file has by its content, its name and its sender's claim alike.
type Type string

// The types that are known. Everything else is Octets.
const (
	Octets    Type = "application/octet-stream"
	PNG       Type = "image/png"
	JPEG      Type = "image/jpeg"
	GIF       Type = "image/gif"
	WebP      Type = "image/webp"
	PDF       Type = "application/pdf"
	Text      Type = "text/plain"
	CSV       Type = "text/csv"
	Zip       Type = "application/zip"
	Word      Type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	Excel     Type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	Slides    Type = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
	OldWord   Type = "application/msword"
	OldExcel  Type = "application/vnd.ms-excel"
	OldSlides Type = "application/vnd.ms-powerpoint"
	Ogg       Type = "audio/ogg"
	MP3       Type = "audio/mpeg"
	WAV       Type = "audio/wav"
	AudioMP4  Type = "audio/mp4"
	AudioWebM Type = "audio/webm"
	MP4       Type = "video/mp4"
	WebM      Type = "video/webm"
)

// Picture holds for what Reencode takes.
func (t Type) Picture() bool { return strings.HasPrefix(string(t), "image/") }

// Audio holds for sounds.
func (t Type) Audio() bool { return strings.HasPrefix(string(t), "audio/") }

// Video holds for films.
func (t Type) Video() bool { return strings.HasPrefix(string(t), "video/") }

// HeadSize is how much of a file's beginning Inspect wants to see, in bytes.
const HeadSize = 4096

// ErrDisguised is the cause where a file is not what it claims to be.
var ErrDisguised = errors.New("file is not what it claims to be")

// claims are the extensions and media types that stand for a type. One that stands for several types is settled by the
// others, at last by the order here.
var claims = []struct {
	is       Type
	ext      string
	declared string
}{
	{PNG, "png", "image/png"},
	{JPEG, "jpg jpeg jfif", "image/jpeg image/jpg image/pjpeg"},
	{GIF, "gif", "image/gif"},
	{WebP, "webp", "image/webp"},
	{PDF, "pdf", "application/pdf application/x-pdf"},
	{Text, "txt text log md", "text/plain text/markdown text/x-log"},
	{CSV, "csv", "text/csv text/plain application/csv application/vnd.ms-excel"}, // what browsers on Windows say
	{Word, "docx", string(Word)},
	{Excel, "xlsx", string(Excel)},
	{Slides, "pptx", string(Slides)},
	{OldWord, "doc", "application/msword"},
	{OldExcel, "xls", "application/vnd.ms-excel"},
	{OldSlides, "ppt", "application/vnd.ms-powerpoint"},
	{Zip, "zip", "application/zip application/x-zip-compressed application/x-zip"},
	{Ogg, "ogg oga opus", "audio/ogg audio/opus application/ogg"},
	{MP3, "mp3", "audio/mpeg audio/mp3"},
	{WAV, "wav", "audio/wav audio/x-wav audio/wave audio/vnd.wave"},
	{MP4, "mp4 m4v", "video/mp4 video/x-m4v"},
	{AudioMP4, "m4a mp4", "audio/mp4 audio/x-m4a audio/m4a"},
	{WebM, "webm", "video/webm"},
	{AudioWebM, "webm weba", "audio/webm"},
}

// Inspect tells a file's type from its first bytes (HeadSize of them, or all of a shorter file), its name and the media
// type that its sender declared ("" and application/octet-stream claim nothing).
//
// All three agree: that type. A name or a declaration that stands for a known type while the content is none such:
// refused, KindInvalid because of ErrDisguised; likewise a picture with markup in its head. Everything else, SVG and HTML
// among it, is Octets. Text that is not UTF-8 is Octets too, since old spreadsheets write it.
func Inspect(head []byte, name, declared string) (Type, error) {
	head = head[:min(len(head), HeadSize)]
	content := contentTypes(head)
	byName := named(name)
	byClaim, silent := declaredTypes(declared)
	if contradicts(byName, content) || contradicts(byClaim, content) {
		return Octets, disguised()
	}
	if len(content) > 0 && content[0].Picture() && markup(head) {
		return Octets, disguised()
	}
	for _, t := range byName {
		if slices.Contains(content, t) && (silent || slices.Contains(byClaim, t)) {
			return t, nil
		}
	}
	return Octets, nil
}

func disguised() error {
	return parlatory.Fail(parlatory.KindInvalid, "This file is not what its name says it is.").Because(ErrDisguised)
}

// contradicts: the claim is known, and the content is nothing of it.
func contradicts(claimed, content []Type) bool {
	if len(claimed) == 0 || slices.ContainsFunc(claimed, func(t Type) bool { return slices.Contains(content, t) }) {
		return false
	}
	onlyText := !slices.ContainsFunc(claimed, func(t Type) bool { return t != Text && t != CSV })
	return !onlyText || len(content) > 0
}

func named(name string) (types []Type) {
	ext := strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))
	for _, c := range claims {
		if slices.Contains(strings.Fields(c.ext), ext) {
			types = append(types, c.is)
		}
	}
	return types
}

// declaredTypes reports also whether nothing was claimed. A claim of what is not known is a claim of no type.
func declaredTypes(declared string) (types []Type, silent bool) {
	if strings.TrimSpace(declared) == "" {
		return nil, true
	}
	media, _, err := mime.ParseMediaType(declared)
	if err != nil {
		return nil, false
	}
	for _, c := range claims {
		if slices.Contains(strings.Fields(c.declared), media) {
			types = append(types, c.is)
		}
	}
	return types, media == string(Octets)
}

// contentTypes are the types that content with this head can be.
func contentTypes(b []byte) []Type {
	at := func(off int, s string) bool { return len(b) >= off+len(s) && string(b[off:off+len(s)]) == s }
	switch {
	case at(0, "\x89PNG\r\n\x1a\n") && at(12, "IHDR"):
		return []Type{PNG}
	case at(0, "\xff\xd8\xff"):
		return []Type{JPEG}
	case at(0, "GIF87a"), at(0, "GIF89a"):
		return []Type{GIF}
	case at(0, "RIFF") && at(8, "WEBPVP8"):
		return []Type{WebP}
	case at(0, "RIFF") && at(8, "WAVE"):
		return []Type{WAV}
	case at(0, "%PDF-"):
		return []Type{PDF}
	case at(0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
		// Also new documents, when they have a password.
		return []Type{OldWord, OldExcel, OldSlides, Word, Excel, Slides}
	case at(0, "PK\x03\x04"), at(0, "PK\x05\x06"):
		return zipTypes(b)
	case at(0, "\x1a\x45\xdf\xa3") && bytes.Contains(b[:min(len(b), 64)], []byte("\x42\x82\x84webm")):
		return []Type{WebM, AudioWebM}
	case at(0, "OggS") && (at(28, "OpusHead") || at(28, "\x01vorbis") || at(28, "\x7fFLAC") || at(28, "Speex ")):
		return []Type{Ogg}
	case at(4, "ftyp") && len(b) >= 12:
		return isoTypes(string(b[8:12]))
	case at(0, "ID3"), mp3Frame(b):
		return []Type{MP3}
	case plain(b):
		return []Type{Text, CSV}
	}
	return nil
}

// zipTypes: new office documents are zip files with a list of their parts, which stands first in what the programs write.
func zipTypes(b []byte) []Type {
	if bytes.Contains(b, []byte("[Content_Types].xml")) {
		return []Type{Word, Excel, Slides, Zip}
	}
	return []Type{Zip}
}

// isoTypes by the major brand (ISO/IEC 14496-12 §4.3). QuickTime and HEIC are other formats in the same boxes.
func isoTypes(brand string) []Type {
	switch brand {
	case "M4A ", "M4B ":
		return []Type{AudioMP4}
	case "isom", "iso2", "iso3", "iso4", "iso5", "iso6", "mp41", "mp42", "avc1", "dash", "M4V ", "mp71":
		return []Type{MP4, AudioMP4}
	}
	return nil
}

// mp3Frame knows the header of an MPEG audio frame of layer III (ISO/IEC 11172-3 §2.4.1.3).
func mp3Frame(b []byte) bool {
	return len(b) >= 4 && b[0] == 0xff && b[1]&0xe6 == 0xe2 && b[1]&0x18 != 0x08 && b[2]&0xf0 != 0xf0 && b[2]&0x0c != 0x0c
}

// plain holds for UTF-8 without control characters other than those of texts. The head may end within a character.
func plain(b []byte) bool {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n <= 1 {
			return len(b) < utf8.UTFMax && !utf8.FullRune(b)
		}
		if r < ' ' && !strings.ContainsRune("\t\n\r\f\x1b", r) || r == 0x7f {
			return false
		}
		b = b[n:]
	}
	return true
}

// markup finds what a browser that guesses types would take for a page.
func markup(head []byte) bool {
	head = bytes.ToLower(head)
	for _, mark := range []string{"<!doctype", "<html", "<script", "<svg", "<iframe", "<body", "<?php", "<object", "<embed"} {
		if bytes.Contains(head, []byte(mark)) {
			return true
		}
	}
	return false
}
