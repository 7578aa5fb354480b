// Package access is the law: the catalogue of acts, what roles grant, and the Permit without which no data can be
// read or written.
//
// A Permit can only be made by Law.Permit (somebody asks) or Law.System (a listed job); its fields are private and
// its zero value is refused by storage/db. So "no permit, no data" is a matter of types, not of discipline
// (ASVS 8.2.1, 8.3.1).
package access
