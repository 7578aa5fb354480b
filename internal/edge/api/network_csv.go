package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"parlatory"
	"parlatory/internal/domain/security"
)

// importBody is room for 100,000 lines of 80 characters. It is more than other bodies may have.
const importBody = 8 << 20

// VisitorImport is a table of lines for a visitors' list.
type VisitorImport struct {
	List   string `json:"list" enum:"block,allow"`
	CSV    string `json:"csv" minLength:"1" doc:"network, remark, ends_at; a header is not needed; parted by commas, semicolons or tabs"`
	DryRun bool   `json:"dry_run,omitempty" doc:"Say what the lines are, and store nothing"`
}

// VisitorImported says what the lines were.
type VisitorImported struct {
	Good    int             `json:"good" doc:"New lines: stored, unless it was a dry run"`
	Known   int             `json:"known" doc:"Lines that the list had already"`
	Doubled int             `json:"doubled" doc:"Lines that say what an earlier one said"`
	Wrong   int             `json:"wrong" doc:"Lines that can't be taken"`
	Bad     []VisitorBadRow `json:"bad" doc:"The first hundred of these"`
}

// VisitorBadRow is a line that can't be taken.
type VisitorBadRow struct {
	Line   int    `json:"line"`
	Reason string `json:"reason"`
}

type exportQuery struct {
	List string `query:"list" enum:"block,allow" default:"block"`
}

func (a *API) networkCSVRoutes() {
	register(a, asCSV(huma.Operation{OperationID: "export-visitor-addresses", Method: http.MethodGet, Path: "/api/v1/security/visitor-list/csv", Summary: "A visitors' list as a table"}), security.ActExportVisitorList,
		func(ctx context.Context, actor parlatory.Actor, in *exportQuery) (*csvAnswer, error) {
			entries, err := a.Security.Export(ctx, actor, security.List(in.List))
			if err != nil {
				return nil, err
			}
			rows := [][]string{{"network", "remark", "ends_at", "created_at"}}
			for _, e := range entries {
				ends := ""
				if !e.EndsAt.IsZero() {
					ends = e.EndsAt.UTC().Format(time.RFC3339)
				}
				rows = append(rows, []string{e.Network.String(), e.Remark, ends, e.CreatedAt.UTC().Format(time.RFC3339)})
			}
			return csvOf("visitor-"+in.List+"list", rows)
		})
	register(a, huma.Operation{OperationID: "import-visitor-addresses", Method: http.MethodPost, Path: "/api/v1/security/visitor-list/csv", Summary: "Add the lines of a table to a visitors' list, or see first what they are", MaxBodyBytes: importBody}, security.ActEditVisitorList,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body VisitorImport }) (*struct{ Body VisitorImported }, error) {
			i, err := a.Security.Import(ctx, actor, security.List(in.Body.List), in.Body.CSV, in.Body.DryRun)
			if err != nil {
				return nil, err
			}
			out := VisitorImported{Good: len(i.Entries), Known: i.Known, Doubled: i.Doubled, Wrong: i.BadCount, Bad: make([]VisitorBadRow, len(i.Bad))}
			for n, b := range i.Bad {
				out.Bad[n] = VisitorBadRow(b)
			}
			return &struct{ Body VisitorImported }{out}, nil
		})
}
