-- +goose Up
-- Sessions and half sessions that stand do not open any more, since what is bound to them changed: whoever has one signs in again.
DELETE FROM attempts;
ALTER TABLE attempts DROP COLUMN paid;
ALTER TABLE sessions ADD COLUMN factor TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN proved_at BIGINT;
CREATE INDEX sessions_door ON sessions (workspace, door, staff);

CREATE TABLE trusts (
    workspace  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    account    BYTEA  NOT NULL,
    device     BYTEA  NOT NULL,
    door       BYTEA  NOT NULL,
    factor     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    until      BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE INDEX trusts_account ON trusts (workspace, account, door);
CREATE INDEX trusts_until ON trusts (workspace, until);
