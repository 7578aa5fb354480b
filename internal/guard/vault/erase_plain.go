//go:build !goexperiment.runtimesecret

package vault

// erase without the experiment only runs f: the package compiles and works, but memory is not wiped. The release
// build sets GOEXPERIMENT=runtimesecret.
func erase(f func()) { f() }
