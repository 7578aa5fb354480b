package config

import (
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
)

// Describe writes a file with every setting, its text and its default. Settings that are needed stand open, all others
// behind a #, so that the output is a file to start from.
func Describe(w io.Writer) error {
	p := &printer{w: w}
	p.line("# Configuration of Parlatory. Check it with: parlatory config check --config FILE")
	p.table("", reflect.TypeFor[Config]())
	return p.err
}

type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

// table writes the plain settings first, since TOML reads what follows a table's head as its own.
func (p *printer) table(name string, t reflect.Type) {
	for f := range fields(t) {
		if nested(f.Type) == nil {
			p.setting(f)
		}
	}
	for f := range fields(t) {
		sub := nested(f.Type)
		if sub == nil {
			continue
		}
		full := strings.TrimPrefix(name+"."+f.Tag.Get("toml"), ".")
		p.line("")
		p.text(f)
		switch {
		case f.Type.Kind() == reflect.Slice:
			p.line("# [[%s]]", full)
		case needs(sub):
			p.line("[%s]", full)
		default:
			p.line("# [%s]", full)
		}
		p.table(full, sub)
	}
}

func (p *printer) setting(f reflect.StructField) {
	p.line("")
	p.text(f)
	mark := "# "
	if f.Tag.Get("need") != "" {
		mark = ""
	}
	p.line("%s%s = %s", mark, f.Tag.Get("toml"), example(f))
}

func (p *printer) text(f reflect.StructField) {
	line := "#"
	for word := range strings.FieldsSeq(f.Tag.Get("doc")) {
		if len(line)+1+len(word) > 110 {
			p.line("%s", line)
			line = "#"
		}
		line += " " + word
	}
	p.line("%s", line)
}

// Markdown writes the same as a page: docs/config.md.
func Markdown(w io.Writer) error {
	p := &printer{w: w}
	p.line("# Configuration\n")
	p.line("One TOML file, named by `parlatory serve --config FILE`. `parlatory config describe` prints it annotated, `parlatory config check")
	p.line("--config FILE` checks one. Unknown keys, wrong types and values out of range are refused with their line. This page is generated")
	p.line("from the program (`go test ./internal/config -update`).\n")
	p.section("", reflect.TypeFor[Config](), "")
	return p.err
}

func (p *printer) section(name string, t reflect.Type, doc string) {
	if name != "" {
		p.line("\n## `%s`\n\n%s\n", name, doc)
	}
	p.line("| setting | default | what it does |\n|---|---|---|")
	for f := range fields(t) {
		if nested(f.Type) == nil {
			p.line("| `%s` | %s | %s |", f.Tag.Get("toml"), defaultText(f), strings.NewReplacer("|", `\|`, "<", "&lt;").Replace(rangeText(f)))
		}
	}
	for f := range fields(t) {
		if sub := nested(f.Type); sub != nil {
			full := strings.TrimPrefix(strings.Trim(name, "[]")+"."+f.Tag.Get("toml"), ".")
			if f.Type.Kind() == reflect.Slice {
				p.section("[["+full+"]]", sub, f.Tag.Get("doc"))
			} else {
				p.section("["+full+"]", sub, f.Tag.Get("doc"))
			}
		}
	}
}

func rangeText(f reflect.StructField) string {
	text := f.Tag.Get("doc")
	if low := f.Tag.Get("min"); low != "" {
		text += " " + low + " to " + f.Tag.Get("max") + "."
	}
	return text
}

func defaultText(f reflect.StructField) string {
	switch {
	case f.Tag.Get("need") != "":
		return "needed"
	case f.Tag.Get("default") == "":
		return ""
	}
	return "`" + example(f) + "`"
}

func example(f reflect.StructField) string {
	value := f.Tag.Get("default")
	if value == "" {
		value = f.Tag.Get("sample")
	}
	if f.Type.Kind() == reflect.String || f.Type == secretType {
		return strconv.Quote(value)
	}
	return value
}

func fields(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if !yield(t.Field(i)) {
				return
			}
		}
	}
}

// nested is the type of a table, or nil for a plain setting.
func nested(t reflect.Type) reflect.Type {
	switch {
	case t == secretType:
		return nil
	case t.Kind() == reflect.Slice:
		return nested(t.Elem())
	case t.Kind() == reflect.Struct:
		return t
	}
	return nil
}

func needs(t reflect.Type) bool {
	for f := range fields(t) {
		if f.Tag.Get("need") != "" {
			return true
		}
	}
	return false
}
