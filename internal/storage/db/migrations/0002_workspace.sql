-- +goose Up
CREATE TABLE workspaces (
    workspace  BYTEA  NOT NULL,
    subdomain  TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    revision   BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace)
);
CREATE UNIQUE INDEX workspaces_subdomain ON workspaces (subdomain);

CREATE TABLE sites (
    workspace  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    origin     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX sites_origin ON sites (workspace, origin);

CREATE TABLE outbox (
    workspace  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    created_at BIGINT NOT NULL,
    due_at     BIGINT NOT NULL,
    tries      BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE INDEX outbox_due ON outbox (due_at);

CREATE TABLE budgets (
    workspace BYTEA  NOT NULL,
    key       BYTEA  NOT NULL,
    until     BIGINT NOT NULL,
    spent     BIGINT NOT NULL,
    PRIMARY KEY (workspace, key)
);
CREATE INDEX budgets_until ON budgets (until);

CREATE TABLE answers (
    workspace  BYTEA  NOT NULL,
    key        BYTEA  NOT NULL,
    body       BYTEA  NOT NULL,
    status     BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    sealed     BYTEA,
    PRIMARY KEY (workspace, key)
);
CREATE INDEX answers_expires ON answers (expires_at);
