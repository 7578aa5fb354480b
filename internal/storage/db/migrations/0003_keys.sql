-- +goose Up
CREATE TABLE workspace_keys (
    workspace  BYTEA  NOT NULL,
    version    BIGINT NOT NULL,
    id         BYTEA  NOT NULL,
    parent     BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    wrapped    BYTEA  NOT NULL,
    PRIMARY KEY (workspace, version)
);

CREATE TABLE subject_keys (
    workspace  BYTEA  NOT NULL,
    kind       TEXT   NOT NULL,
    subject    BYTEA  NOT NULL,
    version    BIGINT NOT NULL,
    id         BYTEA  NOT NULL,
    parent     BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    wrapped    BYTEA  NOT NULL,
    PRIMARY KEY (workspace, kind, subject, version)
);
