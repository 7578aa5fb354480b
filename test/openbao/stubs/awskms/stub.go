// Package awskms stands in for the wrapper of the same name, which only an automatic unseal would use.
package awskms

import (
	"github.com/hashicorp/go-hclog"
	"github.com/openbao/go-kms-wrapping/v2"
	"github.com/openbao/go-kms-wrapping/wrappers/aead/v2"
)

// NewWrapper gives a wrapper that is never configured.
func NewWrapper() *aead.Wrapper { return aead.NewWrapper() }

// WithLogger is an option that does nothing.
func WithLogger(hclog.Logger) wrapping.Option { return func() interface{} { return nil } }
