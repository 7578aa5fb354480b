-- +goose Up
CREATE TABLE accounts (
    workspace   BYTEA  NOT NULL,
    id          BYTEA  NOT NULL,
    email_index BYTEA  NOT NULL,
    state       TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    password_at BIGINT NOT NULL,
    revision    BIGINT NOT NULL,
    sealed      BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX accounts_email ON accounts (workspace, email_index);

CREATE TABLE account_passwords (
    workspace  BYTEA  NOT NULL,
    account    BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    created_at BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace, account, id)
);

CREATE TABLE account_echoes (
    workspace BYTEA  NOT NULL,
    id        BYTEA  NOT NULL,
    account   BYTEA  NOT NULL,
    target    BYTEA,
    skip      BYTEA  NOT NULL,
    what      TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    due_at    BIGINT NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE INDEX account_echoes_due ON account_echoes (workspace, due_at);

CREATE TABLE account_places (
    workspace   BYTEA  NOT NULL,
    account     BYTEA  NOT NULL,
    place_index BYTEA  NOT NULL,
    seen_at     BIGINT NOT NULL,
    PRIMARY KEY (workspace, account, place_index)
);
CREATE INDEX account_places_seen ON account_places (workspace, seen_at);
