// Package keycommand has a command of the operator's open the key file: a hardware token's tool, or any other program that reads a sealed
// file on its standard input and writes the clear lines of the key file to its standard output.
//
// The command is the operator's configuration and nothing of a request reaches it: no shell, no argument and no environment but the
// process's own. What it prints beside the keys goes to nobody: it could hold them.
package keycommand
