package ledger

import (
	"errors"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

var errCheckpoint = errors.New("checkpoint is not of the expected form")

// parseCheckpoint reads the text of a head.
func parseCheckpoint(text string) (origin string, size int64, root tlog.Hash, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[0] == "" || lines[3] != "" {
		return "", 0, root, errCheckpoint
	}
	size, err = strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 {
		return "", 0, root, errCheckpoint
	}
	if root, err = tlog.ParseHash(lines[2]); err != nil {
		return "", 0, root, errCheckpoint
	}
	if checkpoint(lines[0], size, root) != text {
		return "", 0, root, errCheckpoint
	}
	return lines[0], size, root, nil
}
