//go:build goexperiment.runtimesecret

package vault

import "runtime/secret"

// erase runs f and leaves none of its registers, stack and freed memory behind.
func erase(f func()) { secret.Do(f) }
