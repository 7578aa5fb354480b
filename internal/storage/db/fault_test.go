package db

import (
	"fmt"
	"io"
	"testing"

	"parlatory"
)

// Only a commit whose answer was lost is uncertain: whoever stored something beside the database keeps it then, and drops it after any other
// failure.
func TestOnlyALostCommitIsUncertain(t *testing.T) {
	lost := fmt.Errorf("store part: %w", uncertain(io.ErrUnexpectedEOF))
	if !IsUncertain(lost) || parlatory.KindOf(lost) != parlatory.KindUnavailable {
		t.Errorf("%v is not uncertain", lost)
	}
	for _, err := range []error{nil, away(io.EOF), full(io.EOF), left(io.EOF), crowded(io.EOF), parlatory.Conflict("no")} {
		if IsUncertain(err) {
			t.Errorf("%v is uncertain", err)
		}
	}
}
