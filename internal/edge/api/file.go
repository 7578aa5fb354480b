package api

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"parlatory"
	"parlatory/internal/domain/file"
	"parlatory/internal/guard/access"
)

// NewFile announces a file.
type NewFile struct {
	ID   string `json:"id" format:"uuid" doc:"Chosen by you. A repeat with the same id returns the first answer."`
	Name string `json:"name" minLength:"1" maxLength:"1000" doc:"What stands before the last slash is left out"`
	Type string `json:"type,omitempty" maxLength:"100" doc:"The media type as the device tells it"`
	Size int64  `json:"size" minimum:"1" doc:"Bytes"`
}

// File is how a file stands.
type File struct {
	ID       string    `json:"id"`
	Room     string    `json:"room"`
	State    string    `json:"state" enum:"uploading,checking,ready,quarantined,refused" doc:"A file can be sent when it is ready. One that is checking waits for the scanner; what is heard of it is told by a live frame with k file."`
	Kind     string    `json:"kind" enum:"image,document,audio,video,other"`
	Name     string    `json:"name"`
	Type     string    `json:"type" doc:"By its content; application/octet-stream until that was looked at, and for everything that is not known"`
	Size     int64     `json:"size"`
	Width    int       `json:"w,omitempty" doc:"Of the view; without it there is none"`
	Height   int       `json:"h,omitempty"`
	Reason   string    `json:"reason,omitempty" doc:"Why it was refused"`
	PartSize int64     `json:"part_size" doc:"Bytes of each part but the last"`
	Parts    int       `json:"parts"`
	Have     []int     `json:"have,omitempty" doc:"Of an upload: the parts that are there, from 1. An upload that was cut goes on with the others, over any connection."`
	Seq      int64     `json:"seq,omitempty" doc:"Of the message that it was sent with"`
	At       time.Time `json:"at"`
}

// MessageFile is a file of a message.
type MessageFile struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Type   string `json:"type"`
	Kind   string `json:"kind" enum:"image,document,audio,video,other"`
	Size   int64  `json:"size"`
	Width  int    `json:"w,omitempty" doc:"Of the view; without it there is none"`
	Height int    `json:"h,omitempty"`
}

func messageFiles(all []file.Attached) (out []MessageFile) {
	for _, f := range all {
		out = append(out, MessageFile{ID: f.ID.String(), Name: f.Name, Type: string(f.Type), Kind: string(f.Kind), Size: f.Size, Width: f.W, Height: f.H})
	}
	return out
}

func fileOf(f file.File) File {
	return File{
		ID: f.ID.String(), Room: f.Room.String(), State: string(f.State), Kind: string(f.Kind), Name: f.Name, Type: string(f.Type), Size: f.Size,
		Width: f.W, Height: f.H, Reason: f.Reason, PartSize: file.PartSize, Parts: f.Parts, Have: f.Have, Seq: f.Seq, At: f.Created,
	}
}

// FilePath names a file in the path.
type FilePath struct {
	File string `path:"file" format:"uuid"`
}

func (p FilePath) id() (parlatory.FileID, error) {
	return parlatory.ParseID[parlatory.FileKind](p.File)
}

type fileAnswer struct{ Body File }

const (
	staffPrefix  = "/api/v1"
	widgetPrefix = "/widget/v1"
)

func (a *API) fileRoutes() {
	a.filesOf(staffPrefix, surfaceWorkspace, "", file.ActUpload, file.ActView, file.ActDownload)
	a.filesOf(widgetPrefix, surfaceWidget, "own-", file.ActVisitorUpload, file.ActVisitorFile, file.ActVisitorFile)
}

// filesOf registers the way of a file under a prefix; staff and visitors have one each, with their own acts.
func (a *API) filesOf(prefix, surface, id string, upload, view, download access.Act) {
	tags := []string{surface}
	one := prefix + "/files/{file}"
	register(a, huma.Operation{OperationID: "begin-" + id + "file", Method: http.MethodPost, Path: prefix + "/rooms/{room}/files", Tags: tags, Summary: "Announce a file for a room", DefaultStatus: 201}, upload, a.beginFile)
	register(a, asBytes(huma.Operation{OperationID: "put-" + id + "file-part", Method: http.MethodPut, Path: one + "/parts/{part}", Tags: tags, Summary: "Send one part of a file, exactly as long as it has to be", DefaultStatus: 204}), upload, a.putPart)
	register(a, huma.Operation{OperationID: "get-" + id + "file", Method: http.MethodGet, Path: one, Tags: tags, Summary: "How a file stands, and which parts are there"}, view, a.fileStands(a.File.Stand))
	register(a, huma.Operation{OperationID: "complete-" + id + "file", Method: http.MethodPost, Path: one + "/complete", Tags: tags, Summary: "End an upload; the content is looked at"}, upload, a.fileStands(a.File.Complete))
	register(a, huma.Operation{OperationID: "drop-" + id + "file", Method: http.MethodDelete, Path: one, Tags: tags, Summary: "Give up a file that was not sent", DefaultStatus: 204}, upload,
		func(ctx context.Context, actor parlatory.Actor, in *FilePath) (*struct{}, error) {
			file, err := in.id()
			if err != nil {
				return nil, err
			}
			return nil, a.File.Drop(ctx, actor, file)
		})
	register(a, handsOut(huma.Operation{OperationID: "download-" + id + "file", Method: http.MethodGet, Path: one + "/content", Tags: tags, Summary: "The file as it was sent, to be kept"}), download, a.hand(a.File.Download, false))
	register(a, handsOut(huma.Operation{OperationID: "view-" + id + "file", Method: http.MethodGet, Path: one + "/view", Tags: tags, Summary: "A picture, encoded anew"}), view, a.hand(a.File.View, true))
	register(a, handsOut(huma.Operation{OperationID: "thumb-" + id + "file", Method: http.MethodGet, Path: one + "/thumb", Tags: tags, Summary: "A small picture, encoded anew"}), view, a.hand(a.File.Thumb, true))
}

func (a *API) beginFile(ctx context.Context, actor parlatory.Actor, in *struct {
	RoomPath
	Body NewFile
}) (*fileAnswer, error) {
	room, err := parlatory.ParseID[parlatory.RoomKind](in.Room)
	if err != nil {
		return nil, err
	}
	client, err := parlatory.ParseID[parlatory.ClientKind](in.Body.ID)
	if err != nil {
		return nil, err
	}
	f, err := a.File.Begin(ctx, actor, file.Beginning{Room: room, Client: client, Name: in.Body.Name, Claim: in.Body.Type, Size: in.Body.Size})
	if err != nil {
		return nil, err
	}
	return &fileAnswer{fileOf(f)}, nil
}

func (a *API) fileStands(do func(context.Context, parlatory.Actor, parlatory.FileID) (file.File, error)) func(context.Context, parlatory.Actor, *FilePath) (*fileAnswer, error) {
	return func(ctx context.Context, actor parlatory.Actor, in *FilePath) (*fileAnswer, error) {
		id, err := in.id()
		if err != nil {
			return nil, err
		}
		f, err := do(ctx, actor, id)
		if err != nil {
			return nil, err
		}
		return &fileAnswer{fileOf(f)}, nil
	}
}

// partInput takes a body as a stream: front has bounded it and set its pace.
type partInput struct {
	FilePath
	Part   int `path:"part" minimum:"1"`
	body   io.Reader
	length int64
}

// Resolve is huma's way to the request.
func (in *partInput) Resolve(ctx huma.Context) []error {
	r, _ := humago.Unwrap(ctx)
	in.body, in.length = r.Body, r.ContentLength
	return nil
}

func (a *API) putPart(ctx context.Context, actor parlatory.Actor, in *partInput) (*struct{}, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	return nil, a.File.PutPart(ctx, actor, id, in.Part, in.body, in.length)
}

// Stream says how long the body of a request may be that is taken as a stream; false for every other request.
func Stream(r *http.Request) (most int64, ok bool) {
	if r.Method != http.MethodPut {
		return 0, false
	}
	rest, ok := strings.CutPrefix(r.URL.Path, staffPrefix+"/files/")
	if !ok {
		rest, ok = strings.CutPrefix(r.URL.Path, widgetPrefix+"/files/")
	}
	steps := strings.Split(rest, "/")
	return file.PartSize, ok && len(steps) == 3 && steps[1] == "parts"
}

// hand gives content out. The law and the ledger have been asked before the first byte.
func (a *API) hand(open func(context.Context, parlatory.Actor, parlatory.FileID) (*file.Content, error), shown bool) func(context.Context, parlatory.Actor, *FilePath) (*huma.StreamResponse, error) {
	return func(ctx context.Context, actor parlatory.Actor, in *FilePath) (*huma.StreamResponse, error) {
		id, err := in.id()
		if err != nil {
			return nil, err
		}
		c, err := open(ctx, actor, id)
		if err != nil {
			return nil, err
		}
		return &huma.StreamResponse{Body: func(h huma.Context) { a.give(h, c, shown) }}, nil
	}
}

// asBytes declares a body that is no JSON.
func asBytes(o huma.Operation) huma.Operation {
	o.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}
	return o
}

// handsOut declares an answer that is no JSON.
func handsOut(o huma.Operation) huma.Operation {
	bytes := map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}
	o.Responses = map[string]*huma.Response{
		"200": {Description: http.StatusText(http.StatusOK), Content: bytes},
		"206": {Description: http.StatusText(http.StatusPartialContent), Content: bytes},
	}
	return o
}
