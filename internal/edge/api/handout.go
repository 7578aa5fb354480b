package api

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"parlatory/internal/domain/file"
)

// sandbox is the policy of everything that somebody sent: even where a browser could be brought to show it, it runs in an origin of its own,
// without scripts, forms and requests (ASVS 3.2.1, 5.4.1).
const sandbox = "sandbox; default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// writeIdle is how long one piece of an answer may take to go out.
const writeIdle = 30 * time.Second

// give answers with content, or the range of it that was asked for (RFC 9110 §14). What turns out damaged on the way ends the connection:
// the length that was promised never comes.
func (a *API) give(h huma.Context, c *file.Content, shown bool) {
	defer func() { _ = c.Close() }()
	r, w := humago.Unwrap(h)
	head := w.Header()
	head.Set("Content-Security-Policy", sandbox)
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Cache-Control", "no-store")
	head.Set("Content-Type", string(safeType(c.Shown, shown)))
	kind := "attachment"
	if shown {
		kind = "inline"
	}
	head.Set("Content-Disposition", disposition(kind, c.Name))
	if strings.Contains(r.Header.Get("Range"), ",") {
		// The library answers several ranges from a goroutine that may go on reading after it has returned. A server may ignore Range (RFC 9110
		// §14.2): such a request gets the whole.
		r.Header.Del("Range")
	}
	http.ServeContent(w, r, "", time.Time{}, paced{c, http.NewResponseController(w)})
	if err := c.Fault(); err != nil {
		if r.Context().Err() != nil { // its reader has left
			panic(http.ErrAbortHandler)
		}
		a.log.LogAttrs(r.Context(), slog.LevelError, "a file could not be given out whole", slog.String("cause", err.Error()))
		panic(http.ErrAbortHandler)
	}
}

// paced gives each piece its own time to go out, so that a slow reader of a long file is not cut, and one that stands still is.
type paced struct {
	*file.Content
	out *http.ResponseController
}

var _ io.ReadSeeker = paced{}

func (p paced) Read(b []byte) (int, error) {
	_ = p.out.SetWriteDeadline(time.Now().Add(writeIdle))
	return p.Content.Read(b)
}

// safeType is what is said of content: what was encoded anew is a picture; sounds and films are what they are, since players run nothing;
// everything else is bytes.
func safeType(t file.Type, shown bool) file.Type {
	if shown && t.Picture() || t.Audio() || t.Video() {
		return t
	}
	return file.Octets
}

// disposition names a file for whoever keeps it: a plain form, and the whole name for those who read it (RFC 6266 §4.3, RFC 8187 §3.2).
func disposition(kind, name string) string {
	name = keptName(name)
	plain := strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' || c == '"' || c == '%' {
			return '_'
		}
		return c
	}, name)
	return kind + `; filename="` + plain + `"; filename*=UTF-8''` + percent(name)
}

// keptName is a name that is harmless in a folder of every system: no separators, no leading dot, no device of Windows' shells.
func keptName(s string) string {
	s = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || strings.ContainsRune(`/\:*?"<>|`, c) {
			return '_'
		}
		return c
	}, s)
	s = strings.TrimRight(s, ". ")
	if s == "" || s[0] == '.' {
		s = "_" + s
	}
	return s
}

// percent writes all bytes but the attr-char of RFC 8187 §3.2.1 as hexadecimal.
func percent(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("!#$&+-.^_`|~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}
