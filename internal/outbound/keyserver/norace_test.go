//go:build !race

package keyserver

const underRace = false
