//go:build !bench

package config

// plaintext: a configuration without certificates is never taken.
const plaintext = false
