//go:build bench

package config

// plaintext: in a build for the bench, a configuration without certificates means a plaintext listener on loopback.
const plaintext = true
