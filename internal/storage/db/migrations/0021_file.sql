-- +goose Up
-- What people send each other besides words. seq is the message that a file went out with; 0 until then.
CREATE TABLE files (
    workspace   BYTEA  NOT NULL,
    id          BYTEA  NOT NULL,
    room        BYTEA  NOT NULL,
    contact     BYTEA  NOT NULL,
    author_kind BIGINT NOT NULL,
    author      BYTEA  NOT NULL,
    client      BYTEA  NOT NULL,
    state       TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    size        BIGINT NOT NULL,
    seq         BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    changed_at  BIGINT NOT NULL,
    expires_at  BIGINT,
    due_at      BIGINT,
    tries       BIGINT NOT NULL,
    revision    BIGINT NOT NULL,
    sealed      BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX files_client ON files (workspace, author, client);
CREATE INDEX files_contact ON files (workspace, contact, id);
CREATE INDEX files_expires ON files (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX files_due ON files (due_at) WHERE due_at IS NOT NULL;

-- The parts of an upload that is under way; afterwards they stand in the file's sealed column.
CREATE TABLE file_parts (
    workspace BYTEA  NOT NULL,
    file      BYTEA  NOT NULL,
    part      BIGINT NOT NULL,
    size      BIGINT NOT NULL,
    mark      TEXT   NOT NULL,
    digest    BYTEA  NOT NULL,
    PRIMARY KEY (workspace, file, part)
);

-- How many bytes a visitor, or all visitors of one address, sent within a day.
CREATE TABLE file_spent (
    workspace BYTEA  NOT NULL,
    key       BYTEA  NOT NULL,
    until     BIGINT NOT NULL,
    bytes     BIGINT NOT NULL,
    PRIMARY KEY (workspace, key)
);
CREATE INDEX file_spent_until ON file_spent (until);

CREATE TABLE file_settings (
    workspace BYTEA  NOT NULL,
    revision  BIGINT NOT NULL,
    sealed    BYTEA  NOT NULL,
    PRIMARY KEY (workspace)
);
