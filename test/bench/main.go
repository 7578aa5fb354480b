package main

import (
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "floor":
			return runFloor(args[1:])
		case "load":
			return runLoad()
		case "hold":
			return runHold()
		case "flood":
			return runFlood()
		}
	}
	return runBench(args)
}
