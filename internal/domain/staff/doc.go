// Package staff owns memberships: which account works in a workspace, in which role and state, and the invitations
// by which that begins.
//
// It refuses: a role that the granting person's own does not cover; any change to oneself that a second person should make
// (suspension, role); the suspension or demotion of the last active administrator; a link that is used, replaced, revoked,
// expired or of another workspace.
//
// Security argument. A membership decides on rights, so all its clear columns (account, role, department, state, blind
// address) are bound to its sealed column under the person's own key with a revision: a role edited in the database does not open, and
// counts as none. An invitation is 256 random bits of which only the hash is stored, in the workspace's own rows, bound in the same way
// to member, role and address (AC-016); it lasts 24 hours by the server's clock, without grace (AC-017), and a role change, a removal or
// a newer link kills it. What an invitation opens is decided in signin; it never sets the password of an account that exists
// (AC-022, AC-038). Suspension and role changes end that workspace's sessions in the same transaction, through the interface
// Sessions (AC-058), and touch nothing in other workspaces. Changes of who is who are serialised by one row a workspace,
// so that two administrators can't demote each other at once on any engine.
package staff
