-- +goose Up
-- Tries of factors are counted by class: of each browser on which a factor that counts everywhere was proved, and (sixteen zero bytes) of all others together.
DROP TABLE factor_tries;

CREATE TABLE factor_tries (
    workspace BYTEA  NOT NULL,
    account   BYTEA  NOT NULL,
    device    BYTEA  NOT NULL,
    failures  BIGINT NOT NULL,
    told_at   BIGINT,
    PRIMARY KEY (workspace, account, device)
);
