-- +goose Up
-- Subjects whose keys were destroyed. A restore applies the list before it serves: none of these comes back.
CREATE TABLE destroyed_keys (
    workspace BYTEA  NOT NULL,
    kind      TEXT   NOT NULL,
    subject   BYTEA  NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (workspace, kind, subject)
);
