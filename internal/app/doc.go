// Package app wires the program, on one page: configuration -> opened rooms -> doors. It owns start and stop and decides
// nothing: what is allowed is in guard, what is done is in the domain rooms. `serve` and `demo` differ only in what
// they hand to the same open function; the demo seeds itself through the same acts that people use, so it needs no
// back door.
package app
