package role

import (
	"context"
	"sort"

	"parlatory"
	"parlatory/internal/guard/access"
)

// The built-in roles.
const (
	Administrator = "Administrator" // everything, all data
	Supervisor    = "Supervisor"    // conversations of the department
	Agent         = "Agent"         // own conversations and what waits
)

// ActList shows which roles there are and what they grant.
var ActList = access.Act{Name: "role.list", Feature: "Roles", Verb: access.View, By: access.ByKind(parlatory.Staff), Granted: true}

// Acts lists what the room adds to the catalogue.
func Acts() []access.Act { return []access.Act{ActList} }

// conversing is what everybody who answers visitors does.
var conversing = []string{
	"chat.list", "chat.read", "chat.post", "chat.pickup", "chat.close", "chat.reopen", "chat.typing", "chat.mark", "staff.view",
	"file.upload", "file.view", "file.download",
}

// supervising comes on top.
var supervising = []string{"chat.block", "site.view", "workspace.view", "role.list"}

// Roles are the built-in roles of one catalogue.
type Roles struct{ byName map[string]access.Role }

var _ access.Roles = (*Roles)(nil)

// BuiltIn makes the built-in roles. Acts that the catalogue lacks are left out of Supervisor and Agent, so that a part
// of the program can be tested alone; the golden permission matrix shows what the whole program grants.
func BuiltIn(c *access.Catalogue) *Roles {
	var all, known []string
	granted := map[string]bool{}
	for _, a := range c.All() {
		if a.Granted {
			all, granted[a.Name] = append(all, a.Name), true
		}
	}
	pick := func(names ...[]string) []string {
		known = nil
		for _, list := range names {
			for _, n := range list {
				if granted[n] {
					known = append(known, n)
				}
			}
		}
		return known
	}
	return &Roles{byName: map[string]access.Role{
		Administrator: c.NewRole(Administrator, access.Full, all...),
		Supervisor:    c.NewRole(Supervisor, access.Department, pick(conversing, supervising)...),
		Agent:         c.NewRole(Agent, access.Restricted, pick(conversing)...),
	}}
}

// Role finds a role by its exact name.
func (r *Roles) Role(_ context.Context, _ parlatory.WorkspaceID, name string) (access.Role, error) {
	role, ok := r.byName[name]
	if !ok {
		return access.Role{}, parlatory.Forbidden()
	}
	return role, nil
}

// View is a role as the console shows it.
type View struct {
	Name  string
	Level access.Level
	Acts  []string
}

// List shows the roles, widest first.
func (r *Roles) List(ctx context.Context, law *access.Law, actor parlatory.Actor) ([]View, error) {
	if _, err := law.Permit(ctx, actor, ActList); err != nil {
		return nil, err
	}
	views := make([]View, 0, len(r.byName))
	for _, role := range r.byName {
		v := View{Name: role.Name, Level: role.Level}
		for _, a := range law.Catalogue().All() {
			if law.Catalogue().Grants(role, a.Name) {
				v.Acts = append(v.Acts, a.Name)
			}
		}
		views = append(views, v)
	}
	sort.Slice(views, func(i, j int) bool { return views[i].Level > views[j].Level })
	return views, nil
}
