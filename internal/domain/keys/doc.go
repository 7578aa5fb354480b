// Package keys owns wrapped keys: it is the shelf from which the vault fetches them (vault.Shelf), and its acts rotate them, wrap them
// again and move them from one root to another, while everything goes on.
//
// Nothing here can open a key: rows are ciphertext under a parent key and bind workspace, subject, version and
// parent, so a row that was moved or put back is refused by the vault, not by this room. A new key is stored by the
// act that mints it, in the act's own transaction, so that no sealed row ever stands without its key.
//
// Three things can be rotated. A root: workspaces' keys are wrapped again, a handful of rows each. A workspace's key: its subjects' keys
// are wrapped again, in small transactions that leave room for others; a run that is cut goes on where it stopped, since what is left to do
// is what the rows say. A subject's key: a next version, which seals once every node has seen it; by itself at 2^31 values. None of them touches a
// sealed value. A wrapped key that was destroyed is never put back: each batch is read and written in one transaction, under row locks.
//
// A workspace's own key server is described in key_settings, which the house's key seals: it must be read before the workspace's key is there.
package keys
