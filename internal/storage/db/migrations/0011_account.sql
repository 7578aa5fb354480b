-- +goose Up
CREATE TABLE factors (
    workspace        BYTEA  NOT NULL,
    id               BYTEA  NOT NULL,
    account          BYTEA  NOT NULL,
    kind             TEXT   NOT NULL,
    scope            BYTEA,
    created_at       BIGINT NOT NULL,
    used_at          BIGINT,
    step             BIGINT NOT NULL,
    credential_index BYTEA,
    revision         BIGINT NOT NULL,
    sealed           BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE INDEX factors_account ON factors (workspace, account);
CREATE UNIQUE INDEX factors_credential ON factors (workspace, credential_index);

CREATE TABLE recovery_codes (
    workspace  BYTEA  NOT NULL,
    account    BYTEA  NOT NULL,
    code_index BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    created_at BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace, account, code_index)
);

CREATE TABLE ceremonies (
    workspace  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    token      BYTEA  NOT NULL,
    account    BYTEA,
    door       BYTEA  NOT NULL,
    bound      BYTEA,
    kind       TEXT   NOT NULL,
    expires_at BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX ceremonies_token ON ceremonies (workspace, token);
CREATE INDEX ceremonies_expires ON ceremonies (workspace, expires_at);

CREATE TABLE factor_mails (
    workspace  BYTEA  NOT NULL,
    account    BYTEA  NOT NULL,
    bound      BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    tries      BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace, account, bound)
);
CREATE INDEX factor_mails_expires ON factor_mails (workspace, expires_at);

CREATE TABLE factor_voids (
    workspace BYTEA  NOT NULL,
    account   BYTEA  NOT NULL,
    door      BYTEA  NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (workspace, account, door)
);

CREATE TABLE factor_tries (
    workspace BYTEA  NOT NULL,
    account   BYTEA  NOT NULL,
    failures  BIGINT NOT NULL,
    PRIMARY KEY (workspace, account)
);
