package main

type securityCommand struct {
	Open openCommand `cmd:"" help:"Switch the staff IP list of a workspace off; its audit log says so."`
}

type openCommand struct {
	operation
	Workspace string `required:"" placeholder:"SUBDOMAIN" help:"Subdomain of the workspace."`
}

// Run opens a workspace's door.
func (c *openCommand) Run(s *surroundings) error {
	o, err := c.open(s)
	if err != nil {
		return err
	}
	return tell(s)(o.OpenDoor(s.ctx, c.Workspace))
}
