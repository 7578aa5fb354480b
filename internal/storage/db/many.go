package db

import (
	"fmt"
	"slices"
	"strings"
)

// manyMost is how many rows a statement asks for by name. Lists of it are always this long, so that a statement is one text, which engines
// plan once.
const manyMost = 200

// InMany is the list of a statement that asks for many rows at once: `… AND id IN ` + InMany(2). Its arguments begin with $from, and Many
// gives them.
func InMany(from int) string {
	var b strings.Builder
	for i := range manyMost {
		fmt.Fprintf(&b, ", $%d", from+i)
	}
	return "(" + b.String()[len(", "):] + ")"
}

// Many calls ask with the arguments of a statement's InMany, in as many pieces as it takes; arguments that stand before them are
// given as before. The rest of the last piece is NULL, which no value equals.
func Many[T any](all []T, ask func(args []any) error, before ...any) error {
	for some := range slices.Chunk(all, manyMost) {
		args := make([]any, len(before)+manyMost)
		copy(args, before)
		for i, one := range some {
			args[len(before)+i] = one
		}
		if err := ask(args); err != nil {
			return err
		}
	}
	return nil
}
