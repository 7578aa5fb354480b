// Package credential proves who somebody is: password hashes, opaque tokens, codes of an authenticator app, passkeys,
// recovery codes.
//
// Passwords are prepared by the OpaqueString profile (RFC 8265 §4.2) and hashed by argon2id (RFC 9106) with 19 MiB,
// two passes and one lane. What is stored is a PHC string; parsing is strict, and parameters outside the bounds are
// refused before any work, so that a changed row can't exhaust memory. At most one hash a core runs at a time and a
// bounded number waits; more are refused with KindTooMany (AC-008). Dummy costs the same as Verify (AC-007).
//
// Tokens are 32 random bytes in base64url, 43 characters with one spelling; only their SHA-256 is stored and compared
// (AC-010). A fast hash suffices, since nobody guesses 256 random bits.
package credential
