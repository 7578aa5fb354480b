package db

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
)

// plans remembers which statements were judged. Statements are constants, or made from constants by a count of rows,
// so that the memory is small; past its limit, texts are judged each time.
type plans struct {
	pinned sync.Map // text -> error or nil
	across sync.Map
	size   atomic.Int64
}

const plansKept = 4096

var (
	errUnpinned = errors.New("statement does not say workspace = $1")
	errMultiple = errors.New("statement holds a semicolon or sets the pin")
	errVerb     = errors.New("statement is no SELECT, INSERT, UPDATE, DELETE or WITH")
	errAcross   = errors.New("statement across workspaces is no SELECT")
)

func (p *plans) judge(query string, across bool) error {
	kept := &p.pinned
	if across {
		kept = &p.across
	}
	if v, ok := kept.Load(query); ok {
		err, _ := v.(error)
		return err
	}
	err := judge(query, across)
	if p.size.Add(1) <= plansKept {
		kept.Store(query, err)
	}
	return err
}

// judge reads a statement the way the test of the whole tree does, so that the rule also holds for text that a room
// puts together.
func judge(query string, across bool) error {
	if strings.Contains(query, ";") || strings.Contains(query, "set_config") {
		return errMultiple
	}
	verb := strings.TrimLeft(query, " \t\n")
	if across {
		if !begins(verb, "SELECT") {
			return errAcross
		}
		return nil
	}
	switch {
	case begins(verb, "INSERT"):
		open := strings.IndexByte(verb, '(')
		if open > 0 && begins(strings.TrimLeft(verb[open+1:], " \t\n"), "workspace") && strings.Contains(verb, "$1") {
			return nil
		}
	case begins(verb, "SELECT"), begins(verb, "UPDATE"), begins(verb, "DELETE"), begins(verb, "WITH"):
	default:
		return errVerb
	}
	if at := strings.Index(query, "workspace = $1"); at >= 0 {
		rest := query[at+len("workspace = $1"):]
		if rest == "" || rest[0] < '0' || rest[0] > '9' {
			return nil
		}
	}
	return errUnpinned
}

func begins(s, word string) bool {
	return len(s) > len(word) && strings.EqualFold(s[:len(word)], word) && !letter(s[len(word)])
}

func letter(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
