package db

import (
	"database/sql/driver"
	"fmt"
	"strings"
)

// positional writes a statement's $n as plain question marks, with the list of the arguments that they stand for. SQLite
// keeps a name for every other kind of parameter and searches the names one by one at each binding, which made an
// insert of fifty rows spend a tenth of its time on names. Quoted text is left alone.
func positional(query string) (text string, order []int, err error) {
	var b strings.Builder
	b.Grow(len(query))
	quoted := false
	for i := 0; i < len(query); i++ {
		c := query[i]
		if c == '\'' {
			quoted = !quoted
		}
		if c != '$' || quoted {
			b.WriteByte(c)
			continue
		}
		n, digits := 0, 0
		for i+1 < len(query) && query[i+1] >= '0' && query[i+1] <= '9' && digits < 5 {
			n, digits, i = n*10+int(query[i+1]-'0'), digits+1, i+1
		}
		if n == 0 {
			return "", nil, fmt.Errorf("statement with a $ that is no parameter")
		}
		b.WriteByte('?')
		order = append(order, n)
	}
	return b.String(), order, nil
}

// arranged puts arguments into the order of the question marks. The slice is into's, grown if need be.
func arranged(into []driver.NamedValue, order []int, args []driver.NamedValue) ([]driver.NamedValue, error) {
	into = into[:0]
	if len(order) == 0 { // a statement of this package's own, with question marks already, or without parameters
		return append(into, args...), nil
	}
	most := 0
	for i, n := range order {
		if n > len(args) {
			return nil, fmt.Errorf("statement wants argument %d of %d", n, len(args))
		}
		most = max(most, n)
		into = append(into, driver.NamedValue{Ordinal: i + 1, Value: args[n-1].Value})
	}
	if most < len(args) {
		return nil, fmt.Errorf("statement takes %d arguments, not %d", most, len(args))
	}
	return into, nil
}
