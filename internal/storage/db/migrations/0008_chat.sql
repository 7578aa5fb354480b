-- +goose Up
CREATE TABLE rooms (
    workspace  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    kind       TEXT   NOT NULL,
    contact    BYTEA,
    created_at BIGINT NOT NULL,
    witnessed  BIGINT NOT NULL,
    PRIMARY KEY (workspace, id)
);

CREATE TABLE enquiries (
    workspace  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    room       BYTEA  NOT NULL,
    contact    BYTEA  NOT NULL,
    site       TEXT   NOT NULL,
    department BYTEA,
    staff      BYTEA,
    state      TEXT   NOT NULL,
    opened_at  BIGINT NOT NULL,
    picked_at  BIGINT,
    closed_at  BIGINT,
    revision   BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX enquiries_room ON enquiries (workspace, room);
CREATE INDEX enquiries_state ON enquiries (workspace, state, id);
CREATE INDEX enquiries_staff ON enquiries (workspace, staff, state, id);
CREATE INDEX enquiries_contact ON enquiries (workspace, contact, id);

CREATE TABLE messages (
    workspace   BYTEA  NOT NULL,
    room        BYTEA  NOT NULL,
    seq         BIGINT NOT NULL,
    client      BYTEA  NOT NULL,
    author_kind BIGINT NOT NULL,
    author      BYTEA,
    event       TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    digest      BYTEA  NOT NULL,
    sealed      BYTEA  NOT NULL,
    PRIMARY KEY (workspace, room, seq)
);
CREATE UNIQUE INDEX messages_client ON messages (workspace, room, client);

CREATE TABLE marks (
    workspace   BYTEA  NOT NULL,
    room        BYTEA  NOT NULL,
    reader_kind BIGINT NOT NULL,
    reader      BYTEA  NOT NULL,
    seq         BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    PRIMARY KEY (workspace, room, reader_kind, reader)
);

CREATE TABLE readings (
    workspace BYTEA  NOT NULL,
    room      BYTEA  NOT NULL,
    staff     BYTEA  NOT NULL,
    hour      BIGINT NOT NULL,
    PRIMARY KEY (workspace, room, staff, hour)
);
