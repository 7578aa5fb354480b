// Package config is the process configuration: one TOML file, every setting documented by its tags, so that the sample
// file, the page in docs and the parser cannot differ.
//
// It refuses what it does not know or cannot keep, with the line and the reason: an unknown key, a wrong type, a value out
// of range, a file that is not there, a key file inside the data folder (a copy of the data must not carry its key). Secrets
// may stand in files of their own, and print as [secret] (ASVS 13.3.1, 13.4.1).
package config

//go:generate go test . -run TestPageIsFresh -update
