// Package clamav asks clamd, over its own protocol, whether bytes are malware. It fills file.Scanner.
//
// It refuses to guess: an answer that is not word for word "clean" or "found" is an error, and so are a connection that
// breaks, a stall and a file over the scanner's size limit; the caller keeps the file shut. Another machine's clamd must be
// allowed by name, since the protocol is neither encrypted nor authenticated: whoever stands between can read each
// file and call it clean. Errors hold neither address nor content, nor the scanner's own words.
//
// What the operator must set in clamd.conf: StreamMaxLength at least at the largest file, and AlertExceedsMax yes. Without
// the second, clamd calls clean what is beyond its limits for unpacking.
package clamav
