package api

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"parlatory"
	"parlatory/internal/domain/audit"
	"parlatory/internal/storage/ledger"
)

// AuditActor is who did it.
type AuditActor struct {
	Kind  string `json:"kind"`
	ID    string `json:"id,omitempty"`
	Name  string `json:"name,omitempty"`
	Token string `json:"token,omitempty" doc:"The API token that a program of theirs came with"`
}

// AuditEntry is one entry of the audit log.
type AuditEntry struct {
	Number    int64             `json:"number,omitempty" doc:"Place in the log; absent for up to a second after the act"`
	ID        string            `json:"id"`
	At        time.Time         `json:"at"`
	Actor     AuditActor        `json:"actor"`
	Address   string            `json:"address,omitempty"`
	Device    string            `json:"device,omitempty"`
	Action    string            `json:"action"`
	Element   string            `json:"element"`
	ElementID string            `json:"element_id,omitempty"`
	Act       string            `json:"act"`
	Old       map[string]string `json:"old,omitempty"`
	New       map[string]string `json:"new,omitempty"`
	Remark    string            `json:"remark,omitempty"`
	Erased    bool              `json:"erased,omitempty" doc:"The values went with the person whom they were about"`
	Damaged   bool              `json:"damaged,omitempty" doc:"The row was changed from outside: its values do not open"`
}

// AuditList is a page of the audit log, newest first.
type AuditList struct {
	Items      []AuditEntry `json:"items"`
	Next       string       `json:"next,omitempty"`
	Checkpoint string       `json:"checkpoint,omitempty" doc:"The newest signed head (C2SP tlog-checkpoint)"`
}

type auditQuery struct {
	Staff   string    `query:"staff" maxLength:"36"`
	Action  string    `query:"action" maxLength:"40"`
	Element string    `query:"element" maxLength:"40"`
	From    time.Time `query:"from" doc:"Inclusive"`
	To      time.Time `query:"to" doc:"Exclusive"`
	Cursor  string    `query:"cursor" maxLength:"36"`
	Limit   int       `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

const exportPath = "/api/v1/audit/export"

func (a *API) auditRoutes() {
	register(a, huma.Operation{OperationID: "list-audit", Method: http.MethodGet, Path: "/api/v1/audit", Summary: "Read the audit log"}, audit.ActView, a.listAudit)
	register(a, huma.Operation{
		OperationID: "export-audit", Method: http.MethodPost, Path: exportPath, Summary: "Download the audit log for parlatory audit verify",
		Responses: map[string]*huma.Response{"200": {Description: "JSON Lines", Content: map[string]*huma.MediaType{"application/jsonl": {}}}},
	}, audit.ActExport,
		func(_ context.Context, actor parlatory.Actor, _ *struct{}) (*huma.StreamResponse, error) {
			return &huma.StreamResponse{Body: func(h huma.Context) { a.exportAudit(h, actor) }}, nil
		})
}

func (q *auditQuery) filter() (ledger.Filter, error) {
	f := ledger.Filter{Action: ledger.Action(q.Action), Element: q.Element, From: q.From, To: q.To, Limit: q.Limit}
	if f.Staff.UnmarshalText([]byte(q.Staff)) != nil {
		return f, parlatory.Invalid("staff", "is not the id of a staff member")
	}
	if f.Before.UnmarshalText([]byte(q.Cursor)) != nil {
		return f, parlatory.Invalid("cursor", "is not one that a list gave")
	}
	return f, nil
}

func (a *API) listAudit(ctx context.Context, actor parlatory.Actor, q *auditQuery) (*struct{ Body AuditList }, error) {
	f, err := q.filter()
	if err != nil {
		return nil, err
	}
	records, err := a.Audit.List(ctx, actor, f)
	if err != nil {
		return nil, err
	}
	out := AuditList{Items: make([]AuditEntry, 0, len(records))}
	if out.Checkpoint, err = a.Audit.Checkpoint(ctx, actor); err != nil {
		return nil, err
	}
	names, err := a.actorNames(ctx, actor.Workspace, records)
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		out.Items = append(out.Items, entryOf(r, names))
	}
	if len(records) == q.Limit {
		out.Next = records[len(records)-1].ID.String()
	}
	return &struct{ Body AuditList }{out}, nil
}

func (a *API) actorNames(ctx context.Context, ws parlatory.WorkspaceID, records []ledger.Record) (map[parlatory.StaffID]string, error) {
	seen := map[parlatory.StaffID]bool{}
	var ids []parlatory.StaffID
	for _, r := range records {
		if id := parlatory.StaffID(r.Actor); r.ActorKind == parlatory.Staff.String() && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return a.Staff.Names(ctx, ws, ids)
}

func entryOf(r ledger.Record, names map[parlatory.StaffID]string) AuditEntry {
	e := AuditEntry{
		Number: r.Number, ID: r.ID.String(), At: r.At, Address: r.Address, Device: r.Device, Action: string(r.Action), Element: r.Element,
		Act: r.Act, Old: r.Old, New: r.New, Remark: r.Remark, Erased: r.Erased, Damaged: r.Damaged, Actor: AuditActor{Kind: r.ActorKind},
	}
	if r.Actor != ([16]byte{}) {
		e.Actor.ID, e.Actor.Name = parlatory.RowID(r.Actor).String(), names[parlatory.StaffID(r.Actor)]
	}
	if !r.Token.Zero() {
		e.Actor.Token = r.Token.String()
	}
	if r.ElementID != ([16]byte{}) {
		e.ElementID = parlatory.RowID(r.ElementID).String()
	}
	return e
}

// exportAudit streams the log. The headers go out with its first bytes, so a refusal is still a problem.
func (a *API) exportAudit(h huma.Context, actor parlatory.Actor) {
	a.download(h, &lazy{ctx: h, kind: "application/jsonl", file: "audit.jsonl"}, func(w io.Writer) error { return a.Audit.Export(h.Context(), actor, w) })
}

// download answers with what fn writes, or with a problem where it wrote nothing.
func (a *API) download(h huma.Context, w *lazy, fn func(io.Writer) error) {
	if err := fn(w); err != nil && !w.begun {
		p := ProblemOf(err)
		h.SetStatus(p.Status)
		h.SetHeader("Content-Type", p.ContentType(""))
		_ = json.NewEncoder(h.BodyWriter()).Encode(p) // the client is gone if this fails
	} else if err != nil {
		a.log.Error("a download was cut", "file", w.file, "cause", err.Error())
		panic(http.ErrAbortHandler) // so that the client sees a broken download, not a short log
	}
}

// lazy sends the headers of a download with its first byte.
type lazy struct {
	ctx        huma.Context
	kind, file string
	begun      bool
}

func (l *lazy) Write(b []byte) (int, error) {
	if !l.begun {
		l.begun = true
		l.ctx.SetHeader("Content-Type", l.kind)
		l.ctx.SetHeader("Content-Disposition", `attachment; filename="`+l.file+`"`)
		l.ctx.SetStatus(http.StatusOK)
	}
	_, w := humago.Unwrap(l.ctx)
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeIdle)) // each piece has its own time: a long download is not cut
	return l.ctx.BodyWriter().Write(b)
}
