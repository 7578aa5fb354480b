// Package signin attacks and drives the way in of the whole program: the real binary over TLS, on SQLite and on
// PostgreSQL, with codes of a real authenticator (oathtool), hundreds of client addresses, and clocks.
//
// A run is short by default; PARLATORY_ROUNDS says how many rounds the races take (`make long`: 100; revocations take
// twice, comparisons of answers ten times as many). What depends on a quiet machine, such as a difference of medians or a
// p99, is printed always and judged with full rounds only.
package signin
