// Package gcpckms stands in for the wrapper of the same name, which only an automatic unseal would use.
package gcpckms

import "github.com/openbao/go-kms-wrapping/wrappers/aead/v2"

// NewWrapper gives a wrapper that is never configured.
func NewWrapper() *aead.Wrapper { return aead.NewWrapper() }
