//go:build race

package keyserver

// underRace: the race detector keeps shadows of memory.
const underRace = true
