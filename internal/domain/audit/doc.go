// Package audit is the reading side of the ledger: the page, the export and the checkpoint. It owns no table; what it
// adds is who may read, and that an export is itself an entry, committed before the first byte is given.
package audit
