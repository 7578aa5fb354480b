package main

import (
	"fmt"
	"runtime"
)

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(s *surroundings) error {
	_, err := fmt.Fprintf(s.out, "parlatory %s (%s, %s/%s)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
