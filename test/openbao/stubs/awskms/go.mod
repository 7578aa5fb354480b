module github.com/openbao/go-kms-wrapping/wrappers/awskms/v2

go 1.26.0

require github.com/openbao/go-kms-wrapping/wrappers/aead/v2 v2.1.0
require github.com/openbao/go-kms-wrapping/v2 v2.5.0
require github.com/hashicorp/go-hclog v1.6.3
