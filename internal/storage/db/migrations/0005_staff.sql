-- +goose Up
CREATE TABLE staff (
    workspace   BYTEA  NOT NULL,
    id          BYTEA  NOT NULL,
    account     BYTEA,
    email_index BYTEA,
    role        TEXT   NOT NULL,
    department  BYTEA,
    state       TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    revision    BIGINT NOT NULL,
    sealed      BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX staff_account ON staff (workspace, account);
CREATE UNIQUE INDEX staff_email ON staff (workspace, email_index);
CREATE INDEX staff_memberships ON staff (account);

CREATE TABLE invitations (
    workspace  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    staff      BYTEA  NOT NULL,
    token      BYTEA  NOT NULL,
    role       TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX invitations_token ON invitations (workspace, token);
CREATE INDEX invitations_staff ON invitations (workspace, staff);

CREATE TABLE staff_turns (
    workspace BYTEA  NOT NULL,
    turn      BIGINT NOT NULL,
    PRIMARY KEY (workspace)
);
