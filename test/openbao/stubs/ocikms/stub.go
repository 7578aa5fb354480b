// Package ocikms stands in for the wrapper of the same name, which only an automatic unseal would use.
package ocikms

import "github.com/openbao/go-kms-wrapping/wrappers/aead/v2"

// NewWrapper gives a wrapper that is never configured.
func NewWrapper() *aead.Wrapper { return aead.NewWrapper() }

// Names of settings that the server prints.
const (
	KmsConfigKeyId              = "key_id"
	KmsConfigCryptoEndpoint     = "crypto_endpoint"
	KmsConfigManagementEndpoint = "management_endpoint"
)
