package access

import (
	"fmt"
	"sort"

	"parlatory"
)

// Verb is what a grant allows on a feature.
type Verb string

// The verbs of the permission matrix.
const (
	Use      Verb = "Use"
	View     Verb = "View"
	Edit     Verb = "Edit"
	Download Verb = "Download"
	Delete   Verb = "Delete"
	Approve  Verb = "Approve"
)

// Level is how much of a workspace a role sees.
type Level uint8

// The data levels, narrowest first.
const (
	NoData     Level = iota
	Restricted       // the own, and what waits for anybody
	Department       // the own department's
	Full             // all of the workspace
)

var levels = [...]string{"None", "Restricted", "Department", "Full"}

func (l Level) String() string { return levels[l] }

// Scope is which rows an act's transaction may reach.
type Scope uint8

const (
	// InWorkspace pins the transaction to the actor's workspace.
	InWorkspace Scope = iota
	// InHouse pins it to the house.
	InHouse
	// HouseAndWorkspace reaches the house and the actor's workspace (account and sign-in only).
	HouseAndWorkspace
	// Across may read the listed statements over all workspaces, beside the pinned one.
	Across
	// HouseAndAcross reaches the house and the listed statements over all workspaces.
	HouseAndAcross
	// Everywhere reaches the house, the actor's workspace, and the listed statements over all workspaces.
	Everywhere
)

// By is a set of actor kinds.
type By uint8

// ByKind makes a set.
func ByKind(kinds ...parlatory.ActorKind) By {
	var b By
	for _, k := range kinds {
		b |= 1 << k
	}
	return b
}

// Has reports membership.
func (b By) Has(k parlatory.ActorKind) bool { return b&(1<<k) != 0 }

// Act is one thing that somebody may do: the unit of permission and of audit. Rooms declare theirs as package
// variables and list them in Acts; nothing writes them after start.
type Act struct {
	Name      string // feature.verb in lower case, unique: "chat.post"
	Feature   string // a row of the permission matrix: "Conversations"
	Verb      Verb
	By        By    // the kinds of actor that may ask at all
	Granted   bool  // staff also need the grant of their role
	Audited   bool  // a transaction under it refuses to commit without a ledger entry
	Scope     Scope // what its transaction may reach
	StepUp    bool  // asks for password or factor again if it was last given over ten minutes ago (ASVS 7.5.1); no API token may do it
	ByToken   bool  // an API token that names it in its scopes may do it
	Unchecked bool  // a visitor may do it whose token could not be checked, since the workspace's keys are out of reach
	Attends   bool  // goes with another act, so that an API token need not name it and cannot be made for it
}

// Catalogue is every act of the program.
type Catalogue struct {
	byName map[string]int
	acts   []Act
}

// NewCatalogue gathers the rooms' acts and refuses doubles and acts that nobody can do.
func NewCatalogue(rooms ...[]Act) (*Catalogue, error) {
	c := &Catalogue{byName: map[string]int{}}
	for _, acts := range rooms {
		for _, a := range acts {
			if _, double := c.byName[a.Name]; double || a.Name == "" || a.Feature == "" || a.Verb == "" || a.By == 0 {
				return nil, fmt.Errorf("catalogue: act %q is doubled or incomplete", a.Name)
			}
			if a.Granted && !a.By.Has(parlatory.Staff) {
				return nil, fmt.Errorf("catalogue: act %q asks for a grant that nobody can hold", a.Name)
			}
			c.byName[a.Name] = len(c.acts)
			c.acts = append(c.acts, a)
		}
	}
	return c, nil
}

// All lists the acts by name.
func (c *Catalogue) All() []Act {
	all := append([]Act(nil), c.acts...)
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	return all
}

// Known reports whether the act is the catalogue's own, field by field.
func (c *Catalogue) Known(a Act) bool {
	i, ok := c.byName[a.Name]
	return ok && c.acts[i] == a
}
