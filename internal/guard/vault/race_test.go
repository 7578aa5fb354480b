//go:build race

package vault

// underRace: the race detector makes sync.Pool forget at random, so that allocations can't be counted.
const underRace = true
