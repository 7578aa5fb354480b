-- +goose Up
DROP TABLE account_places;

CREATE TABLE devices (
    workspace   BYTEA  NOT NULL,
    id          BYTEA  NOT NULL,
    account     BYTEA  NOT NULL,
    token_index BYTEA  NOT NULL,
    created_at  BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL,
    revision    BIGINT NOT NULL,
    sealed      BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX devices_token ON devices (workspace, token_index);
CREATE INDEX devices_account ON devices (workspace, account);
CREATE INDEX devices_seen ON devices (workspace, seen_at);

CREATE TABLE account_failures (
    workspace BYTEA  NOT NULL,
    key       BYTEA  NOT NULL,
    total     BIGINT NOT NULL,
    cleared   BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    told_at   BIGINT,
    PRIMARY KEY (workspace, key)
);
CREATE INDEX account_failures_at ON account_failures (workspace, at);

CREATE TABLE door_pardons (
    workspace BYTEA  NOT NULL,
    key       BYTEA  NOT NULL,
    total     BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (workspace, key)
);
