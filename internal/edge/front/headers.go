package front

import (
	"net/http"
	"strings"
)

// policyNothing is the policy of every answer that is no page.
const policyNothing = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// features are the powers of the browser: those that no page of ours uses yet are closed, the clipboard and passkeys are for our own pages.
var features = strings.Join([]string{
	"accelerometer=()", "autoplay=()", "browsing-topics=()", "camera=()", "display-capture=()", "encrypted-media=()",
	"geolocation=()", "gyroscope=()", "hid=()", "idle-detection=()", "local-fonts=()", "magnetometer=()", "microphone=()", "midi=()",
	"payment=()", "screen-wake-lock=()", "serial=()", "usb=()",
	"xr-spatial-tracking=()", "clipboard-read=()", "clipboard-write=(self)", "fullscreen=(self)", "publickey-credentials-create=(self)", "publickey-credentials-get=(self)",
}, ", ")

// consoleFeatures are the console's: staff record voice notes. The browser asks the person first.
var consoleFeatures = strings.Replace(features, "microphone=()", "microphone=(self)", 1)

// baseHeaders stand on every answer (ASVS 3.4.1 to 3.4.8).
func baseHeaders(h http.Header) {
	h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains; preload")
	h.Set("Content-Security-Policy", policyNothing)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Permissions-Policy", features)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// apiHeaders stand on answers of the API: never kept by a browser or a proxy.
func apiHeaders(h http.Header) { h.Set("Cache-Control", "no-store") }

// pagePolicy is the policy of a page: its own scripts, its own styles and those with the nonce, its own host's API and
// socket. Scripts get no nonce, so an injected one has nothing to guess; and text becomes script only through the
// page's one Trusted Types policy. The console shows pictures and plays sounds that it has fetched itself (blob:): so their reading
// counts as the API counts it, and their addresses live in the page alone.
func pagePolicy(nonce, host string, console bool) string {
	media := "img-src 'self'; "
	if console {
		media = "img-src 'self' blob:; media-src blob:; "
	}
	return "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-" + nonce + "'; " + media + "font-src 'self'; " +
		"connect-src 'self' " + socketScheme + "://" + host + "; manifest-src 'self'; worker-src 'self'; base-uri 'none'; " +
		"form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types default"
}
