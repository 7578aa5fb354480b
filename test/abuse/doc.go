// Package abuse attacks the real program from outside, as those would who have an account beside the victim's, a
// browser tab on another site, a socket, or nothing at all. Its tests carry the ids of the catalogue of abuse cases;
// README.md lists each with the defence that was switched off by hand to see it fail.
//
// It knows the program by its documents only: web/openapi.json for the operations, docs/permissions.md for the acts and
// live commands. Both are generated, so an operation that these tests have no plan for makes them fail.
package abuse
