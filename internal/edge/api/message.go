package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"parlatory"
	"parlatory/internal/domain/chat"
	"parlatory/internal/guard/access"
)

// Author is who wrote a message.
type Author struct {
	Kind string `json:"kind" enum:"visitor,staff,system"`
	ID   string `json:"id,omitempty"`
	Name string `json:"name"`
}

// Message is one message of a room; a live session's frames have the same form and "k":"message" before it.
type Message struct {
	Room  string        `json:"room"`
	Seq   int64         `json:"seq"`
	ID    string        `json:"id" doc:"Chosen by the author's device, unique in the room"`
	By    Author        `json:"by"`
	At    time.Time     `json:"at"`
	Event string        `json:"event,omitempty" doc:"Of lines that the system writes: picked_up, closed, reopened, refused (closed by itself, since a list refuses the visitor)"`
	Body  string        `json:"body" doc:"May be empty where there are files"`
	Files []MessageFile `json:"files,omitempty"`
}

// MessageList is a stretch of a room in order.
type MessageList struct {
	Items []Message `json:"items"`
	Head  int64     `json:"head"`
}

// NewMessage is what an author sends.
type NewMessage struct {
	ID    string   `json:"id" format:"uuid" doc:"Chosen by you. A repeat with the same id returns the first answer."`
	Body  string   `json:"body,omitempty" maxLength:"4000" doc:"May be left out where there are files"`
	Files []string `json:"files,omitempty" maxItems:"10" doc:"Ids of your files for this room that are ready and were not sent"`
}

// Place is where a message stands.
type Place struct {
	Seq  int64     `json:"seq" doc:"0 for one that is kept"`
	At   time.Time `json:"at"`
	Kept bool      `json:"kept,omitempty" doc:"Received, not yet readable: the workspace's keys are out of reach, and the message takes its place when they are back"`
}

// ReadMark moves forward only.
type ReadMark struct {
	Seq int64 `json:"seq" minimum:"1"`
}

func messageOf(m chat.Message) Message {
	by := Author{Kind: m.Kind.String(), Name: m.Name}
	if m.Author != ([16]byte{}) {
		by.ID = parlatory.RowID(m.Author).String()
	}
	return Message{Room: m.Room.String(), Seq: m.Seq, ID: m.Client.String(), By: by, At: m.At, Event: m.Event, Body: m.Body, Files: messageFiles(m.Files)}
}

// RoomPath names a room in the path. Exported, since the router looks into exported embedded structs only.
type RoomPath struct {
	Room string `path:"room" format:"uuid"`
}

type rangeQuery struct {
	RoomPath
	After  int64 `query:"after" minimum:"0" doc:"Messages after this sequence, oldest first"`
	Before int64 `query:"before" minimum:"0" doc:"The last messages before this sequence"`
	Limit  int   `query:"limit" minimum:"1" maximum:"200" default:"100"`
}

func (a *API) messageRoutes() {
	a.roomRoutes("/api/v1/rooms/{room}", surfaceWorkspace, "", [3]access.Act{chat.ActRead, chat.ActPost, chat.ActMark})
}

// roomRoutes registers reading, posting and marking under a prefix; staff and visitors have one each, with their own acts.
func (a *API) roomRoutes(prefix, surface, id string, acts [3]access.Act) {
	tags := []string{surface}
	register(a, huma.Operation{OperationID: "list-" + id + "messages", Method: http.MethodGet, Path: prefix + "/messages", Tags: tags, Summary: "Read a stretch of a room"}, acts[0],
		func(ctx context.Context, actor parlatory.Actor, in *rangeQuery) (*struct{ Body MessageList }, error) {
			room, err := parlatory.ParseID[parlatory.RoomKind](in.Room)
			if err != nil {
				return nil, err
			}
			h, err := a.Chat.Messages(ctx, actor, room, chat.Range{After: in.After, Before: in.Before, Limit: in.Limit})
			if err != nil {
				return nil, err
			}
			out := MessageList{Items: make([]Message, 0, len(h.Messages)), Head: h.Head}
			for _, m := range h.Messages {
				out.Items = append(out.Items, messageOf(m))
			}
			return &struct{ Body MessageList }{out}, nil
		})
	register(a, huma.Operation{OperationID: "post-" + id + "message", Method: http.MethodPost, Path: prefix + "/messages", Tags: tags, Summary: "Post a message", DefaultStatus: 201}, acts[1],
		func(ctx context.Context, actor parlatory.Actor, in *struct {
			RoomPath
			Body NewMessage
		}) (*struct{ Body Place }, error) {
			room, err := parlatory.ParseID[parlatory.RoomKind](in.Room)
			if err != nil {
				return nil, err
			}
			client, err := parlatory.ParseID[parlatory.ClientKind](in.Body.ID)
			if err != nil {
				return nil, err
			}
			files := make([]parlatory.FileID, len(in.Body.Files))
			for i, id := range in.Body.Files {
				if files[i], err = parlatory.ParseID[parlatory.FileKind](id); err != nil {
					return nil, parlatory.Invalid("files", "must be ids of files")
				}
			}
			posted, err := a.Chat.Post(ctx, actor, chat.Post{Room: room, Client: client, Body: in.Body.Body, Files: files})
			if err != nil {
				return nil, err
			}
			return &struct{ Body Place }{Place(posted)}, nil
		})
	register(a, huma.Operation{OperationID: "mark-" + id + "read", Method: http.MethodPost, Path: prefix + "/read", Tags: tags, Summary: "Move the own read mark", DefaultStatus: 204}, acts[2],
		func(ctx context.Context, actor parlatory.Actor, in *struct {
			RoomPath
			Body ReadMark
		}) (*struct{}, error) {
			room, err := parlatory.ParseID[parlatory.RoomKind](in.Room)
			if err != nil {
				return nil, err
			}
			return nil, a.Chat.Mark(ctx, actor, room, in.Body.Seq)
		})
}
