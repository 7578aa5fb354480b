// Package contact owns the people outside: a contact's sealed row and the bearer tokens of their browsers.
//
// A visitor's token is 256 random bits, kept as a hash, bound to one workspace and one listed site, and dead after
// 30 idle days. It is good for that visitor's own enquiries and nothing else. The Origin is a wall of browsers
// only: whoever copies a token can lie about it, so rate limits and the token's narrow reach hold without it.
// Everything known about a contact is sealed under the contact's own key.
package contact
