package main

import (
	"log/slog"

	"parlatory/internal/app"
	"parlatory/internal/config"
	"parlatory/internal/guard/credential"
)

type serveCommand struct {
	Config string `required:"" placeholder:"FILE" help:"Configuration file."`
}

// Run serves until it is told to stop.
func (c *serveCommand) Run(s *surroundings) error {
	conf, err := config.Load(c.Config)
	if err != nil {
		return several{err}
	}
	log := logTo(s.err, conf.Log.Level, conf.Log.Format)
	s.apart(log)
	return app.Serve(s.ctx, conf, log)
}

type demoCommand struct {
	Data   string `default:"demo-data" placeholder:"DIR" help:"Folder that keeps everything of the demo (${default})."`
	Listen string `default:"127.0.0.1:8443" placeholder:"ADDR:PORT" help:"Loopback address to listen on (${default})."`
	Seed   uint64 `placeholder:"N" help:"Make the sample passwords from this number, for scripts."`
	JSON   bool   `name:"json" help:"Print addresses and credentials as one JSON object."`
	Log    string `default:"warn" enum:"debug,info,warn,error" help:"How much to log: debug, info, warn or error (${default})."`
}

// Run shows the demo until it is told to stop.
func (c *demoCommand) Run(s *surroundings) error {
	log := logTo(s.err, c.Log, "text")
	s.apart(log)
	return app.Demo(s.ctx, app.DemoOptions{Data: c.Data, Listen: c.Listen, Seed: c.Seed, JSON: c.JSON, Out: s.out, Log: log})
}

// hasherCommand is what a server starts beside itself, one for each core.
type hasherCommand struct{}

// Run makes hashes until the server's end of the pipe is closed.
func (c *hasherCommand) Run(s *surroundings) error { return credential.Work(s.in, s.out) }

func hashApart(log *slog.Logger) {
	if err := credential.Apart("hasher"); err != nil {
		log.Warn("passwords are hashed in the server's process: many sign-ins at once slow everything down", "err", err)
	}
}
