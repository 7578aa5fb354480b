-- +goose Up
CREATE TABLE security_generations (
    workspace  BYTEA  NOT NULL,
    generation BIGINT NOT NULL,
    PRIMARY KEY (workspace)
);
