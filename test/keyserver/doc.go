// Package keyserver starts a real OpenBao (test/openbao) for tests: a process of its own with state on disk, to be killed, sealed, started
// again, slowed down and cut off at will. It listens on loopback and dies with the process that started it, even if that is
// killed.
//
//	s := keyserver.Start(t)             // or keyserver.Shared(t): one a test process, for tests that don't break it
//	k := s.Transit(t, "root")           // a mount of its own with one aes256-gcm96 key
//	role, secret := s.AppRole(t, k.Policy())
//	… s.Address(), s.CAFile(), k.Mount, k.Name …
//	s.Kill(t); s.Again(t); s.Seal(t); s.Cut(); s.Mend()
//
// Its address is that of a wire in front of the server and stays the same over all of this.
package keyserver
