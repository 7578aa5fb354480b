// Package keys is the shelf of wrapped keys: it owns the tables workspace_keys and subject_keys and fills
// vault.Shelf from them.
//
// Nothing here can open a key: rows are ciphertext under a parent key and bind workspace, subject, version and
// parent, so a row that was moved or put back is refused by the vault, not by this room. A new key is stored by the
// act that mints it, in the act's own transaction, so that no sealed row ever stands without its key.
package keys
