// Package role owns the roles that every workspace has from the start, and answers access.Roles.
//
// A role is a name, a data level and a set of acts. The built-in ones are made once, from the catalogue that the program
// was started with; an unknown act in them stops the start. An unknown name is refused and never falls back to a
// narrower or wider role (ASVS 8.2.1). Custom roles come beside these, as rows of the workspace.
package role
