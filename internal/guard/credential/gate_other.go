//go:build !linux

package credential

func yieldCPU() {}
