-- +goose Up
CREATE TABLE notes (
	workspace BYTEA NOT NULL,
	room BYTEA NOT NULL,
	seq BIGINT NOT NULL,
	client BYTEA NOT NULL,
	at BIGINT,
	kind TEXT NOT NULL,
	body BYTEA NOT NULL,
	PRIMARY KEY (workspace, room, seq)
) /*sqlite WITHOUT ROWID */;
CREATE UNIQUE INDEX notes_client ON notes (workspace, room, client);
CREATE TABLE heads (
	workspace BYTEA NOT NULL,
	room BYTEA NOT NULL,
	head BIGINT NOT NULL,
	PRIMARY KEY (workspace, room)
);

-- +goose Down
DROP TABLE notes;
DROP TABLE heads;
