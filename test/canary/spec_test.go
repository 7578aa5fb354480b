package canary

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// schema is as much of OpenAPI 3.1 as says which texts a request holds.
type schema struct {
	Ref        string             `json:"$ref"`
	Type       any                `json:"type"` // a name, or several
	Format     string             `json:"format"`
	Enum       []any              `json:"enum"`
	ReadOnly   bool               `json:"readOnly"`
	Properties map[string]*schema `json:"properties"`
	Items      *schema            `json:"items"`
}

type operation struct {
	Method, Path string
	Body         *schema
	Query        []string // free texts among the parameters
	match        *regexp.Regexp
}

func (o *operation) name() string { return o.Method + " " + o.Path }

type document struct {
	Paths map[string]map[string]struct {
		RequestBody *struct {
			Content map[string]struct {
				Schema *schema `json:"schema"`
			} `json:"content"`
		} `json:"requestBody"`
		Parameters []struct {
			Name   string  `json:"name"`
			In     string  `json:"in"`
			Schema *schema `json:"schema"`
		} `json:"parameters"`
	} `json:"paths"`
	Components struct {
		Schemas map[string]*schema `json:"schemas"`
	} `json:"components"`
}

var parameter = regexp.MustCompile(`\\\{[^}]*\\\}`)

// readSpec reads all operations of the API.
func readSpec(t *testing.T) (*document, []*operation) {
	t.Helper()
	raw, err := os.ReadFile("../../web/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc document
	if err = json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	var all []*operation
	for path, methods := range doc.Paths {
		form := parameter.ReplaceAllString(regexp.QuoteMeta(path), `[^/]+`)
		for method, op := range methods {
			o := &operation{Method: strings.ToUpper(method), Path: path, match: regexp.MustCompile("^" + form + `(\?.*)?$`)}
			if op.RequestBody != nil {
				o.Body = op.RequestBody.Content["application/json"].Schema
			}
			for _, p := range op.Parameters {
				if p.In == "query" && p.Schema.free(&doc) {
					o.Query = append(o.Query, p.Name)
				}
			}
			all = append(all, o)
		}
	}
	slices.SortFunc(all, func(a, b *operation) int { return strings.Compare(a.name(), b.name()) })
	return &doc, all
}

func (s *schema) resolve(d *document) *schema {
	for s != nil && s.Ref != "" {
		s = d.Components.Schemas[s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]]
	}
	return s
}

func (s *schema) is(kind string) bool {
	return s != nil && strings.Contains(fmt.Sprint(s.Type), kind)
}

// free says whether a schema takes a text of one's own.
func (s *schema) free(d *document) bool {
	s = s.resolve(d)
	return s.is("string") && len(s.Enum) == 0 && s.Format != "uuid" && s.Format != "date-time"
}

// texts are the names of all free texts in a body.
func (s *schema) texts(d *document) (names []string) {
	s = s.resolve(d)
	if s == nil {
		return nil
	}
	for name, p := range s.Properties {
		if name == "$schema" {
			continue
		}
		if p.free(d) {
			names = append(names, name)
		}
		names = append(names, p.texts(d)...)
	}
	return append(names, s.Items.texts(d)...)
}

// example fills a body: marks into texts, the least that fits elsewhere.
func (s *schema) example(d *document, m *marks, field string) any {
	s = s.resolve(d)
	switch {
	case s == nil:
		return nil
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.is("string") && s.Format == "uuid":
		return "00000000-0000-7000-8000-000000000000"
	case s.is("string") && s.Format == "date-time":
		return "2026-01-01T00:00:00Z"
	case s.is("string") && s.Format == "email":
		return m.mark(field) + "@example.com"
	case s.is("string"):
		return m.mark(field)
	case s.is("integer"), s.is("number"):
		return 1
	case s.is("boolean"):
		return true
	case s.is("array"):
		return []any{s.Items.example(d, m, field)}
	}
	out := map[string]any{}
	for name, p := range s.Properties {
		if name != "$schema" && !p.ReadOnly {
			out[name] = p.example(d, m, field+" "+name)
		}
	}
	return out
}

// coverage remembers which fields of which operation were sent with a mark and taken.
type coverage struct {
	marks *marks
	ops   []*operation
	mu    sync.Mutex
	seen  map[string]bool // "METHOD path field"
}

// watch is the hook of the rig's clients.
func (c *coverage) watch(method, path string, in any) {
	raw, err := json.Marshal(in)
	if err != nil {
		return
	}
	var body any
	_ = json.Unmarshal(raw, &body)
	for _, o := range c.ops {
		if o.Method == method && o.match.MatchString(path) {
			c.note(o, "", body)
		}
	}
}

func (c *coverage) note(o *operation, field string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for name, inner := range v {
			c.note(o, name, inner)
		}
	case []any:
		for _, inner := range v {
			c.note(o, field, inner)
		}
	case string:
		if c.marks.holds(v) {
			c.mu.Lock()
			c.seen[o.name()+" "+field] = true
			c.mu.Unlock()
		}
	}
}
