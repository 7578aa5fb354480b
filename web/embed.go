// Package web carries the built console, door pages and widget inside the binary. It owns no behaviour: edge decides
// who gets which file and with which headers. Before the first web build it holds one empty file, so that Go compiles.
package web

import (
	"embed"
	"fmt"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// FS is the built web part: console.html, door.html, assets/ and widget/.
func FS() fs.FS {
	built, err := fs.Sub(dist, "dist")
	if err != nil { // the name above is fixed at compile time, so this can't happen
		panic(fmt.Sprintf("web files: %v", err))
	}
	return built
}
