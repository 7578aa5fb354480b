-- +goose Up
CREATE TABLE api_tokens (
    workspace  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    hash       BYTEA  NOT NULL,
    account    BYTEA  NOT NULL,
    door       BYTEA  NOT NULL,
    staff      BYTEA  NOT NULL,
    factor     TEXT   NOT NULL,
    scopes     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT,
    sealed     BYTEA  NOT NULL,
    used       BYTEA,
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX api_tokens_hash ON api_tokens (workspace, hash);
CREATE INDEX api_tokens_staff ON api_tokens (workspace, staff);
CREATE INDEX api_tokens_account ON api_tokens (workspace, account);
CREATE INDEX api_tokens_expires ON api_tokens (workspace, expires_at);
