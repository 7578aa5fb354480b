package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// Wrong is one fault of the file, with its place.
type Wrong struct {
	File   string
	Line   int // 0: the fault is that something is missing
	Key    string
	Reason string
}

func (w *Wrong) Error() string {
	s := w.File
	if w.Line > 0 {
		s += ":" + strconv.Itoa(w.Line)
	}
	if w.Key != "" {
		s += ": " + w.Key
	}
	return s + ": " + w.Reason
}

// Load reads, completes and checks a file. The error names every fault, one a line.
func Load(path string) (*Config, error) {
	text, err := readBounded(path)
	if err != nil {
		return nil, &Wrong{File: path, Reason: reasonOf(err)}
	}
	return parse(path, text)
}

func parse(path string, text []byte) (*Config, error) {
	c := Default()
	d := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields()
	if err := d.Decode(c); err != nil {
		return nil, placed(path, err)
	}
	lines, err := linesOf(text)
	if err != nil {
		return nil, &Wrong{File: path, Reason: "cannot be read as TOML"}
	}
	k := &checker{file: path, lines: lines}
	k.readSecrets(c)
	k.check(c)
	if len(k.faults) > 0 {
		return nil, errors.Join(k.faults...)
	}
	return c, nil
}

// Default is the configuration of an empty file.
func Default() *Config {
	c := &Config{}
	setDefaults(reflect.ValueOf(c).Elem())
	return c
}

func setDefaults(v reflect.Value) {
	for i := range v.NumField() {
		f, tag := v.Field(i), v.Type().Field(i).Tag.Get("default")
		switch {
		case f.Kind() == reflect.Struct && f.Type() != secretType:
			setDefaults(f)
		case tag == "":
		case f.Kind() == reflect.String:
			f.SetString(tag)
		case f.Kind() == reflect.Float64:
			n, _ := strconv.ParseFloat(tag, 64)
			f.SetFloat(n)
		default:
			n, _ := strconv.ParseInt(tag, 10, 64)
			f.SetInt(n)
		}
	}
}

// placed turns the parser's faults into ours.
func placed(path string, err error) error {
	var unknown *toml.StrictMissingError
	if errors.As(err, &unknown) {
		var all []error
		for i := range unknown.Errors {
			e := &unknown.Errors[i]
			line, _ := e.Position()
			all = append(all, &Wrong{File: path, Line: line, Key: strings.Join(e.Key(), "."), Reason: "is no setting; parlatory config describe lists them"})
		}
		return errors.Join(all...)
	}
	var wrong *toml.DecodeError
	if errors.As(err, &wrong) {
		line, _ := wrong.Position()
		reason := strings.TrimPrefix(wrong.Error(), "toml: ")
		return &Wrong{File: path, Line: line, Key: strings.Join(wrong.Key(), "."), Reason: plainReason(reason)}
	}
	return &Wrong{File: path, Reason: "cannot be read as TOML"}
}

// plainReason says wrong types in the words of the file, not of Go. The parser's text may quote the value, which may be
// a secret, so only its kind is kept.
func plainReason(reason string) string {
	if _, _, ok := strings.Cut(reason, "cannot decode TOML "); ok || strings.Contains(reason, "into struct field") || strings.Contains(reason, "cannot store") {
		kind := "another type"
		for _, k := range []string{"string", "integer", "float", "boolean", "array", "table"} {
			if strings.Contains(reason, "TOML "+k) {
				kind = "not of type " + k
			}
		}
		return "has the wrong type: " + kind + " is expected"
	}
	return reason
}

// linesOf finds the line of each key. Keys of the n-th element of an array of tables stand as name[n].key.
func linesOf(text []byte) (map[string]int, error) {
	lines := map[string]int{}
	arrays := map[string]int{}
	var p unstable.Parser
	p.Reset(text)
	prefix := ""
	for p.NextExpression() {
		e := p.Expression()
		name, at := keyOf(&p, e)
		switch e.Kind {
		case unstable.Table:
			prefix = name + "."
		case unstable.ArrayTable:
			prefix = fmt.Sprintf("%s[%d].", name, arrays[name])
			arrays[name]++
		case unstable.KeyValue:
			lines[prefix+name] = at
			continue
		default:
			continue
		}
		lines[strings.TrimSuffix(prefix, ".")] = at
	}
	return lines, p.Error()
}

func keyOf(p *unstable.Parser, e *unstable.Node) (name string, line int) {
	var parts []string
	if e.Kind != unstable.Table && e.Kind != unstable.ArrayTable && e.Kind != unstable.KeyValue {
		return "", 0
	}
	for it := e.Key(); it.Next(); {
		n := it.Node()
		parts = append(parts, string(n.Data))
		if line == 0 {
			line = p.Shape(n.Raw).Start.Line
		}
	}
	return strings.Join(parts, "."), line
}

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, readLimit+1))
	if err == nil && len(b) > readLimit {
		err = errors.New("is larger than 1 MiB")
	}
	return b, err
}

// reasonOf says why a file could not be read, without repeating its path.
func reasonOf(err error) string {
	var p *os.PathError
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "does not exist"
	case errors.Is(err, os.ErrPermission):
		return "may not be read by this user"
	case errors.As(err, &p):
		return p.Err.Error()
	}
	return err.Error()
}
