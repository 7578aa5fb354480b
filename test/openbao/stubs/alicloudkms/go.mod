module github.com/openbao/go-kms-wrapping/wrappers/alicloudkms/v2

go 1.26.0

require github.com/openbao/go-kms-wrapping/wrappers/aead/v2 v2.1.0
