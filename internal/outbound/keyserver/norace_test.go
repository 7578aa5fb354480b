//go:build !race && goexperiment.runtimesecret && linux && (amd64 || arm64)

package keyserver

const underRace = false
