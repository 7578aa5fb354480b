-- +goose Up
CREATE TABLE contacts (
    workspace   BYTEA  NOT NULL,
    id          BYTEA  NOT NULL,
    created_at  BIGINT NOT NULL,
    revision    BIGINT NOT NULL,
    email_index BYTEA,
    sealed      BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);

CREATE TABLE visitor_tokens (
    workspace  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    hash       BYTEA  NOT NULL,
    contact    BYTEA  NOT NULL,
    site       TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX visitor_tokens_hash ON visitor_tokens (workspace, hash);
