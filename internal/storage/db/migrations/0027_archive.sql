-- +goose Up
-- When the last key part expires that any node ever wrote: one row, of the house, that is never lowered.
CREATE TABLE part_ends (
    workspace BYTEA  NOT NULL,
    until     BIGINT NOT NULL,
    PRIMARY KEY (workspace)
);
