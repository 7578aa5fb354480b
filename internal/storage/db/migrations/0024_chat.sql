-- +goose Up
-- The key to which messages of visitors are sealed while the workspace's keys are out of reach. The public half is vouched for by the house.
CREATE TABLE inbox_keys (
    workspace  BYTEA  NOT NULL,
    version    BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    public     BYTEA  NOT NULL,
    mac        BYTEA  NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace, version)
);

CREATE TABLE inbox (
    workspace   BYTEA  NOT NULL,
    room        BYTEA  NOT NULL,
    client      BYTEA  NOT NULL,
    number      BIGINT NOT NULL,
    contact     BYTEA  NOT NULL,
    token       BYTEA  NOT NULL,
    at          BIGINT NOT NULL,
    key_version BIGINT NOT NULL,
    state       TEXT   NOT NULL,
    mac         BYTEA  NOT NULL,
    sealed      BYTEA  NOT NULL,
    PRIMARY KEY (workspace, room, client)
);
CREATE UNIQUE INDEX inbox_number ON inbox (workspace, room, number);
