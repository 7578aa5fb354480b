-- +goose Up
CREATE TABLE sessions (
    workspace  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    token      BYTEA  NOT NULL,
    account    BYTEA  NOT NULL,
    door       BYTEA  NOT NULL,
    staff      BYTEA  NOT NULL,
    department BYTEA,
    role       TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    revision   BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX sessions_token ON sessions (workspace, token);
CREATE INDEX sessions_account ON sessions (workspace, account);
CREATE INDEX sessions_staff ON sessions (workspace, staff);

CREATE TABLE attempts (
    workspace  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    token      BYTEA  NOT NULL,
    account    BYTEA  NOT NULL,
    door       BYTEA  NOT NULL,
    staff      BYTEA  NOT NULL,
    invitation BYTEA,
    paid       TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revision   BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX attempts_token ON attempts (workspace, token);
CREATE INDEX attempts_account ON attempts (workspace, account);
CREATE INDEX attempts_staff ON attempts (workspace, staff);

CREATE TABLE agreements (
    workspace        BYTEA  NOT NULL,
    id               BYTEA  NOT NULL,
    account          BYTEA  NOT NULL,
    security_version TEXT   NOT NULL,
    privacy_version  TEXT   NOT NULL,
    at               BIGINT NOT NULL,
    sealed           BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE INDEX agreements_account ON agreements (workspace, account);

CREATE TABLE signups (
    workspace  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    token      BYTEA  NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX signups_token ON signups (workspace, token);

CREATE TABLE resets (
    workspace  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    token      BYTEA  NOT NULL,
    account    BYTEA,
    door       BYTEA  NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX resets_token ON resets (workspace, token);
CREATE INDEX resets_account ON resets (workspace, account);
