-- +goose Up
-- The id of the store of blobs that belongs to this database: one row, of the house. The store has the same id as a blob's name.
CREATE TABLE file_store (
    workspace BYTEA NOT NULL,
    id        TEXT  NOT NULL,
    PRIMARY KEY (workspace)
);
