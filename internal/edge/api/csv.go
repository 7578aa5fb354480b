package api

import (
	"bytes"
	"encoding/csv"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// csvAnswer is a file that a browser keeps (RFC 4180).
type csvAnswer struct {
	Type        string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

// csvOf writes a table. name has no character that a header would have to quote.
func csvOf(name string, rows [][]string) (*csvAnswer, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	for _, row := range rows {
		safe := make([]string, len(row))
		for i, cell := range row {
			safe[i] = harmlessCell(cell)
		}
		if err := w.Write(safe); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return &csvAnswer{"text/csv; charset=utf-8", `attachment; filename="` + name + `.csv"`, b.Bytes()}, w.Error()
}

// harmlessCell keeps a spreadsheet from taking a text for a formula (ASVS 1.2.10).
func harmlessCell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\uff1d\uff0b\uff0d\uff20", []rune(s)[0]) {
		return "'" + s
	}
	return s
}

// asCSV declares the answer of an operation that gives a table.
func asCSV(o huma.Operation) huma.Operation {
	o.Responses = map[string]*huma.Response{"200": {Description: http.StatusText(http.StatusOK), Content: map[string]*huma.MediaType{"text/csv": {Schema: &huma.Schema{Type: huma.TypeString}}}}}
	return o
}
