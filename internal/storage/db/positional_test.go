package db

import (
	"database/sql/driver"
	"slices"
	"testing"
)

func TestPositional(t *testing.T) {
	for query, want := range map[string]struct {
		text  string
		order []int
	}{
		"UPDATE t SET a = $3 WHERE workspace = $1 AND id = $2": {"UPDATE t SET a = ? WHERE workspace = ? AND id = ?", []int{3, 1, 2}},
		"SELECT '$9' FROM t WHERE workspace = $1 AND b = $12":  {"SELECT '$9' FROM t WHERE workspace = ? AND b = ?", []int{1, 12}},
		"VALUES ($1,$2),($1,$3)":                               {"VALUES (?,?),(?,?)", []int{1, 2, 1, 3}},
	} {
		text, order, err := positional(query)
		if err != nil || text != want.text || !slices.Equal(order, want.order) {
			t.Errorf("%s gives %s %v, %v", query, text, order, err)
		}
	}
	for _, bad := range []string{"SELECT $", "SELECT $x", "SELECT $0"} {
		if _, _, err := positional(bad); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
	two := []driver.NamedValue{{Value: int64(1)}, {Value: int64(2)}}
	if _, err := arranged(nil, []int{1, 2, 3}, two); err == nil {
		t.Error("a missing argument was taken")
	}
	if _, err := arranged(nil, []int{1}, two); err == nil {
		t.Error("an argument too many was taken")
	}
}
