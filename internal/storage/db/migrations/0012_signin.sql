-- +goose Up
-- Sessions that stand do not open any more, since what is bound to them grew: whoever has one signs in again.
ALTER TABLE sessions ADD COLUMN factor TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN proved_at BIGINT;
