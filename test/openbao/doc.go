// Command openbao is a key server for tests: a real OpenBao in one process, put together from OpenBao's own packages.
//
// Why it is here: the line to a key server (internal/outbound/keyserver) has to be proven against what operators run, not
// against a model of it, and the tests must be able to kill, seal and restart it as they like. OpenBao publishes no
// binary that a Go build could fetch, and its module graph is large; so it is a module of its own, whose requirements
// never reach the program's go.mod. It is MPL-2.0, is run by tests and never shipped.
//
// What it is: the transit engine, the database engine with the postgresql plugin built in, sign-in by AppRole, TLS
// certificate, Kubernetes and token, and namespaces, over TLS 1.2 and 1.3 on loopback. Its state is in a folder, written to files
// as each change is made, so that kill -9 and another start find everything again. At the first start the program makes an authority
// and a certificate, initialises the server with one unseal key, and unseals it; later it unseals with the kept key, or
// stays sealed with --sealed.
//
// In the folder: ca.pem (the authority), ca.key, server.pem, server.key, unseal.key, root.token (each secret 0600), store/. When it is
// ready the program prints one line of JSON: address, ca_file, token_file, key_file, pid. It ends on SIGTERM, and, with --leash, when its standard
// input ends: so it does not outlive a test process that was killed.
//
// The folder stubs holds stand-ins for the wrappers that an automatic unseal by a cloud or by hardware would use. This server never unseals
// that way; they are named in OpenBao's code, would bring every cloud's client library with them, and four of their versions are unknown to
// the checksum database. Each stub has the one function that OpenBao calls, and nothing calls it here.
package main
