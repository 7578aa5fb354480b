// Package parlatory is the vocabulary of the system: ids, the actor, the event, the error, the secret and the
// clock. Every other package speaks it; it imports the standard library only and knows no storage, no HTTP and
// no subject.
package parlatory
