// Package s3 keeps sealed bodies in an S3-compatible store. It fills blob.Store.
//
// It refuses http but on this machine, a bucket or region that it was not told, and to replace a body: a name is looked for
// first, and If-None-Match (RFC 9110 §13.1.2) decides between writers at one moment. A store that does not know that
// header would let the last of two such writers win; names are random ids, so that takes a mistake of ours as well. Every
// request has an end in time. Errors hold a code of the protocol: no address, no name, no words of the store.
//
// The store sees sealed bytes, names of ids, sizes and times. It is the operator's choice in the configuration.
package s3
