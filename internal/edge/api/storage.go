package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"parlatory"
	"parlatory/internal/domain/file"
)

// Storage is what Administration > Storage shows first.
type Storage struct {
	MaxFile     int64        `json:"max_file_bytes" doc:"Of one file, as the workspace has it"`
	MaxTotal    int64        `json:"max_total_bytes" doc:"Of all files; 0: no bound"`
	Most        int64        `json:"most_file_bytes" doc:"What the operator allows at most for one file"`
	Scanner     bool         `json:"scanner" doc:"Whether files are scanned for malware"`
	Kinds       []StorageSum `json:"kinds"`
	Bytes       int64        `json:"bytes" doc:"Of all files"`
	Quarantined int64        `json:"quarantined"`
	Waiting     int64        `json:"waiting" doc:"For the scanner"`
}

// StorageSum sums up the files of a kind.
type StorageSum struct {
	Kind  string `json:"kind" enum:"image,document,audio,video,other"`
	Count int64  `json:"count"`
	Bytes int64  `json:"bytes"`
}

// StorageLimit are the workspace's own bounds.
type StorageLimit struct {
	MaxFile  int64 `json:"max_file_bytes" minimum:"1"`
	MaxTotal int64 `json:"max_total_bytes,omitempty" minimum:"0" doc:"0: no bound"`
}

// StoredFile is a line of the list.
type StoredFile struct {
	ID    string    `json:"id"`
	Room  string    `json:"room"`
	State string    `json:"state" enum:"uploading,checking,ready,quarantined,refused"`
	Kind  string    `json:"kind" enum:"image,document,audio,video,other"`
	Name  string    `json:"name" doc:"Empty where its contact was erased"`
	Type  string    `json:"type"`
	Size  int64     `json:"size"`
	Owner Author    `json:"owner"`
	Found string    `json:"found,omitempty" doc:"Of a quarantined file: what the scanner calls it"`
	Sent  bool      `json:"sent" doc:"Whether it went out with a message"`
	At    time.Time `json:"at"`
}

// StoredFiles is a page of the list, newest first.
type StoredFiles struct {
	Items []StoredFile `json:"items"`
	Next  string       `json:"next,omitempty"`
}

type storedQuery struct {
	State  string `query:"state" enum:"uploading,checking,ready,quarantined,refused"`
	Kind   string `query:"kind" enum:"image,document,audio,video,other"`
	Cursor string `query:"cursor"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

func storageOf(o file.Overview) Storage {
	out := Storage{MaxFile: o.File, MaxTotal: o.Total, Most: o.Most, Scanner: o.Scanner, Quarantined: o.Quarantined, Waiting: o.Waiting, Kinds: []StorageSum{}}
	for _, s := range o.Sums {
		out.Kinds = append(out.Kinds, StorageSum{string(s.Kind), s.Count, s.Bytes})
		out.Bytes += s.Bytes
	}
	return out
}

func storedOf(p file.Page) StoredFiles {
	out := StoredFiles{Items: make([]StoredFile, 0, len(p.Items))}
	if !p.Next.Zero() {
		out.Next = p.Next.String()
	}
	for _, i := range p.Items {
		out.Items = append(out.Items, StoredFile{
			ID: i.ID.String(), Room: i.Room.String(), State: string(i.State), Kind: string(i.Kind), Name: i.Name, Type: string(i.Type), Size: i.Size,
			Owner: Author{Kind: i.By.Kind.String(), ID: parlatory.RowID(i.By.ID).String(), Name: i.ByName}, Found: i.Found, Sent: i.Seq > 0, At: i.Created,
		})
	}
	return out
}

func (a *API) storageRoutes() {
	register(a, huma.Operation{OperationID: "get-storage", Method: http.MethodGet, Path: "/api/v1/storage", Summary: "How much the files take, by kind, and their bounds"}, file.ActStorage, a.storage)
	register(a, huma.Operation{OperationID: "list-stored-files", Method: http.MethodGet, Path: "/api/v1/storage/files", Summary: "The workspace's files, with size, type and owner"}, file.ActStorage,
		func(ctx context.Context, actor parlatory.Actor, in *storedQuery) (*struct{ Body StoredFiles }, error) {
			q := file.Query{State: file.State(in.State), Kind: file.Kind(in.Kind), Limit: in.Limit}
			if in.Cursor != "" {
				var err error
				if q.Cursor, err = parlatory.ParseID[parlatory.FileKind](in.Cursor); err != nil {
					return nil, parlatory.Invalid("cursor", "is none of this list's")
				}
			}
			p, err := a.File.List(ctx, actor, q)
			if err != nil {
				return nil, err
			}
			return &struct{ Body StoredFiles }{storedOf(p)}, nil
		})
	register(a, huma.Operation{OperationID: "set-storage-limit", Method: http.MethodPut, Path: "/api/v1/storage/limit", Summary: "Bound the files of the workspace"}, file.ActEditStorage,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body StorageLimit }) (*struct{ Body Storage }, error) {
			if err := a.File.Limit(ctx, actor, file.Settings{File: in.Body.MaxFile, Total: in.Body.MaxTotal}); err != nil {
				return nil, err
			}
			return a.storage(ctx, actor, nil)
		})
	register(a, huma.Operation{OperationID: "delete-quarantined-file", Method: http.MethodDelete, Path: "/api/v1/storage/files/{file}", Summary: "Delete a file in quarantine", DefaultStatus: 204}, file.ActDeleteStorage,
		func(ctx context.Context, actor parlatory.Actor, in *FilePath) (*struct{}, error) {
			id, err := in.id()
			if err != nil {
				return nil, err
			}
			return nil, a.File.Delete(ctx, actor, id)
		})
}

func (a *API) storage(ctx context.Context, actor parlatory.Actor, _ *struct{}) (*struct{ Body Storage }, error) {
	o, err := a.File.Overview(ctx, actor)
	if err != nil {
		return nil, err
	}
	return &struct{ Body Storage }{storageOf(o)}, nil
}
