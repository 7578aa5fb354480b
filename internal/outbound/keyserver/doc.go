// Package keyserver is the line to an OpenBao or HashiCorp Vault server. A Line is a vault.Root whose key is one of the transit engine, and
// gives PostgreSQL credentials that the database engine issues and renews (db.Credentials).
//
// # What it refuses
//
// A server without TLS 1.3 or with a certificate that its authority did not sign; redirections; answers above 64 KiB; names that would need
// escaping in a path; more than one way of signing in; a transit key that is no AEAD key of 256 bits, that may be exported, or whose server
// ignores associated data (Check).
//
// # Security argument
//
// A raw key crosses this package twice: on its way to be wrapped and when it comes back. Each exchange has a connection of its own, and
// everything that could hold a copy of the key (TLS's buffers, the request, the answer, their base64) is allocated in the calling goroutine
// inside vault.Erase, and let go before it returns; the dialled connection below carries ciphertext only. So neither HTTP's client nor the
// server's own API package is used: both hand bytes to goroutines and buffers that outlive the call. A handshake for each exchange is the
// price, paid once a workspace key and minute.
//
// Only what the server says in its own form of errors counts as a refusal (vault.ErrWithdrawn) or as a wrong ciphertext (vault.ErrOpen):
// whatever a proxy or a broken connection might say is vault.ErrAway. Errors and logs hold status codes and sentences of this package, never
// texts of the server, which may repeat what it was sent. Tokens are held in memory only and signed in for anew when they are refused.
//
// The transit engine makes a missing key on encryption if the policy allows "create": grant "update" alone, as docs/config.md says; Check looks.
package keyserver
