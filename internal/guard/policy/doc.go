// Package policy judges texts from outside: passwords, mail addresses, subdomains, origins, names and message texts.
// It answers with the one canonical form or with a parlatory.Error that says what to change. It is pure: no state,
// no look-up, no clock.
//
// Canonical means that two spellings of one thing become one text before anything counts, indexes or compares them
// (AC-002, AC-014): addresses by PRECIS (RFC 8265) and IDNA (RFC 5891), texts by NFC. No provider's own folding (dots,
// plus signs) is applied.
package policy
