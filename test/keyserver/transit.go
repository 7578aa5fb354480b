package keyserver

import (
	"testing"
)

// Key is a transit key on a mount of its own.
type Key struct {
	Mount, Name string
	server      *Server
	namespace   string
}

// Transit mounts a transit engine and makes a key of type aes256-gcm96.
func (s *Server) Transit(tb testing.TB, namespace, name string) Key {
	tb.Helper()
	return s.TransitOf(tb, namespace, name, Fields{"type": "aes256-gcm96"})
}

// TransitOf makes a key with other settings.
func (s *Server) TransitOf(tb testing.TB, namespace, name string, settings Fields) Key {
	tb.Helper()
	k := Key{Mount: s.Mount(tb, namespace, "transit"), Name: name, server: s, namespace: namespace}
	k.Make(tb, settings)
	return k
}

func (k Key) at(what string) string { return k.namespace + k.Mount + "/" + what }

// Make makes the key, again if it was deleted.
func (k Key) Make(tb testing.TB, settings Fields) {
	tb.Helper()
	k.server.Write(tb, k.at("keys/"+k.Name), settings)
}

// Policy allows what Parlatory needs of the key, and no more.
func (k Key) Policy(tb testing.TB) string {
	tb.Helper()
	return k.server.Policy(tb, k.namespace, k.Mount+"/encrypt/"+k.Name+" update", k.Mount+"/decrypt/"+k.Name+" update",
		k.Mount+"/keys/"+k.Name+" read", k.Mount+"/keys/"+k.Name+"/rotate update")
}

// Rotate begins a new version.
func (k Key) Rotate(tb testing.TB) {
	tb.Helper()
	k.server.Write(tb, k.at("keys/"+k.Name+"/rotate"), Fields{})
}

// Configure changes settings such as min_decryption_version.
func (k Key) Configure(tb testing.TB, settings Fields) {
	tb.Helper()
	k.server.Write(tb, k.at("keys/"+k.Name+"/config"), settings)
}

// Destroy deletes the key for good.
func (k Key) Destroy(tb testing.TB) {
	tb.Helper()
	k.Configure(tb, Fields{"deletion_allowed": true})
	k.server.Delete(tb, k.at("keys/"+k.Name))
}
