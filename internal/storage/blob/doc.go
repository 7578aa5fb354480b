// Package blob keeps sealed bodies: parts of files, by name, on disk or (through a line out that fills Store) in an
// S3-compatible store.
//
// It refuses: a name that is no plain path of [0-9a-z-], so that none leads out of its folder or means two files; a
// second body for a name; a body that is shorter or longer than was said.
//
// Security argument: a store sees sealed bytes and names of ids only. It is not trusted: what it gives back is opened by
// the vault, which finds every change, cut and exchange. What is promised here is that a Put that returned is on the disk,
// that one that failed leaves nothing which could be taken for a body, and that a crash leaves only what the next start
// sweeps.
package blob
