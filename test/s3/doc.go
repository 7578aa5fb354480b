// Package s3 starts a throwaway S3 server, the Versity S3 gateway over a folder, for tests. It is built from the module
// gateway/, which is no part of the product, unless PARLATORY_VERSITYGW names a ready program. It listens on loopback and dies
// with the process that started it.
package s3
