// Package canary puts a random mark into every text field that the API takes, through the real binary, and then looks
// for the marks in all that the program has written: database files, write-ahead log, temporary files, logs, and with
// PostgreSQL its data folder, its log of statements and a dump. It looks for raw bytes, UTF-16, hexadecimal and base64
// at each alignment (bar 1).
//
// Fields come from web/openapi.json: one that the test does not drive fails it, so a new field cannot be forgotten. The
// two that are clear by design (subdomain, site origin) are listed in clearByDesign; finding the subdomain in the
// database is also the proof that the search looks into the right files.
package canary
