// Package blobtest is what every blob.Store must do, as tests: for the disk and for lines out to other stores. It owns no
// store, and only tests import it.
package blobtest
