package file

import (
	"bytes"
	"encoding/binary"
	"iter"
)

// orientation is how a camera was held, 1 to 8 (EXIF 2.32 §4.6.4, tag 0x0112); 1 where nothing sound is said.
func orientation(t Type, b []byte) int {
	tiff := exif(t, b)
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if string(tiff[:2]) == "II" {
		order = binary.LittleEndian
	} else if string(tiff[:2]) != "MM" {
		return 1
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return 1
	}
	count := int(order.Uint16(tiff[at:]))
	for entries := tiff[at+2:]; count > 0 && len(entries) >= 12; count, entries = count-1, entries[12:] {
		if order.Uint16(entries) != 0x0112 {
			continue
		}
		if o := int(order.Uint16(entries[8:])); order.Uint16(entries[2:]) == 3 && o >= 1 && o <= 8 {
			return o
		}
		return 1
	}
	return 1
}

// exif finds the block with the camera's data.
func exif(t Type, b []byte) []byte {
	switch t {
	case JPEG:
		return jpegExif(b)
	case PNG: // length, type, data, checksum (PNG 3 §5.3)
		for rest := b[min(8, len(b)):]; len(rest) >= 12; {
			n := uint64(binary.BigEndian.Uint32(rest))
			if n > uint64(len(rest)-12) {
				return nil
			}
			if string(rest[4:8]) == "eXIf" {
				return rest[8 : 8+n]
			}
			rest = rest[12+n:]
		}
	case WebP: // type, length, data, padded to even (RFC 9649 §2.3)
		for rest := b[min(12, len(b)):]; len(rest) >= 8; {
			n := uint64(binary.LittleEndian.Uint32(rest[4:]))
			if n > uint64(len(rest)-8) {
				return nil
			}
			if string(rest[:4]) == "EXIF" {
				return bytes.TrimPrefix(rest[8:8+n], []byte("Exif\x00\x00"))
			}
			rest = rest[min(uint64(len(rest)), 8+n+n%2):]
		}
	}
	return nil
}

func jpegExif(b []byte) []byte {
	for marker, data := range jpegSegments(b) {
		if marker == jpegScan {
			return nil
		}
		if found, ok := bytes.CutPrefix(data, []byte("Exif\x00\x00")); ok && marker == 0xe1 {
			return found
		}
	}
	return nil
}

// The markers that matter (ITU-T T.81 §B.1.1.3).
const (
	jpegScan        = 0xda
	jpegProgressive = 0xc2
)

// jpegSegments gives marker and data of each segment up to the picture's end. It passes over what stands between them,
// the bytes of scans and rubbish alike, just as the decoder does, so that it sees whatever that will see.
func jpegSegments(b []byte) iter.Seq2[byte, []byte] {
	return func(yield func(byte, []byte) bool) {
		for rest := b[min(2, len(b)):]; ; {
			at := bytes.IndexByte(rest, 0xff)
			if at < 0 || len(rest) < at+4 {
				return
			}
			marker := rest[at+1]
			switch {
			case marker == 0xff:
				rest = rest[at+1:]
				continue
			case marker == 0 || marker >= 0xd0 && marker <= 0xd7: // a byte of a scan, a restart
				rest = rest[at+2:]
				continue
			case marker == 0xd9:
				return
			}
			rest = rest[at+2:]
			n := int(binary.BigEndian.Uint16(rest))
			if n < 2 || n > len(rest) || !yield(marker, rest[2:n]) {
				return
			}
			rest = rest[n:]
		}
	}
}
