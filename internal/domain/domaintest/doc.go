// Package domaintest is a small world for the tests of the domain rooms: a real database in a temporary folder, a real
// ring under a key file, the ledger, and the rooms from workspace to signin. People come in the way they do in the
// program: by sign-up, mailed links, invitations and passwords.
package domaintest
