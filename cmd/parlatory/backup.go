package main

type backupCommand struct {
	Keys        backupKeysCommand  `cmd:"" help:"Write a backup of all wrapped keys now; a running server writes one each day."`
	RestoreKeys restoreKeysCommand `cmd:"" name:"restore-keys" help:"Put back the keys that the database lacks, but none that was destroyed."`
}

type backupKeysCommand struct{ operation }

// Run writes a backup of keys.
func (c *backupKeysCommand) Run(s *surroundings) error {
	o, err := c.open(s)
	if err != nil {
		return err
	}
	return tell(s)(o.BackUpKeys(s.ctx))
}

type restoreKeysCommand struct {
	operation
	File     string `arg:"" help:"Backup of keys."`
	Identity string `required:"" placeholder:"FILE" help:"age identity that opens it. Bring it for this command alone."`
}

// Run puts keys back.
func (c *restoreKeysCommand) Run(s *surroundings) error {
	o, err := c.open(s)
	if err != nil {
		return err
	}
	return tell(s)(o.RestoreKeys(s.ctx, c.File, c.Identity))
}
