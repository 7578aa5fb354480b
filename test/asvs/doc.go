// Package asvs writes docs/asvs.md: which requirement of the Application Security Verification Standard is shown by
// which test, and why not where none does. It joins docs/asvs.csv, kept by hand, with the annotations in the doc
// comments of tests (a line `ASVS V6.3.1, V6.3.8` above a Go test or a browser test), and holds both to each other: a
// requirement that a test should show and none does, an annotation of a requirement that the table does not have, and a
// test or file that is named and gone, all fail.
package asvs
