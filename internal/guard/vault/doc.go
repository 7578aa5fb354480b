// Package vault is the key ring: it seals and opens values, wraps and unwraps keys, makes blind indexes and signs
// the ledger's heads. It owns the formats that docs/encryption.md describes.
//
// What it refuses: a value that was changed in one bit, moved to another row, table, workspace, subject, revision or
// key version (all of them are associated data, each part with its length, AC-121); a value that would open under a
// second key (a key commitment by HKDF stands in front and is compared in constant time, AC-122); a key file that
// others may read; more bytes than the bound.
//
// Security argument: values are AES-256-GCM under a key of their subject with 96 random bits as nonce. Nothing here counts
// seals yet: budgets and rotation come with the key server; docs/encryption.md says what bound the random nonces give
// until then (NIST SP 800-38D §8.3). Root and workspace keys wrap with XAES-256-GCM (C2SP), since one
// of them wraps millions. Raw keys exist only inside erase (runtime/secret.Do), which leaves no copy in registers,
// on the stack or in freed memory; nothing in this package prints a key. It knows no SQL, no network and no clock
// of its own: wrapped keys come from a Shelf, which domain/keys fills.
package vault
