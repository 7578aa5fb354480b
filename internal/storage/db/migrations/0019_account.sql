-- +goose Up
-- A pardon counts for the run that it was given to, not for one that begins after that was swept.
ALTER TABLE account_failures ADD COLUMN begun_at BIGINT NOT NULL DEFAULT 0;
-- What stands for an address that nobody has goes sooner.
ALTER TABLE account_failures ADD COLUMN nobody BIGINT NOT NULL DEFAULT 0;
ALTER TABLE door_pardons ADD COLUMN nobody BIGINT NOT NULL DEFAULT 0;
CREATE INDEX door_pardons_at ON door_pardons (workspace, at);
