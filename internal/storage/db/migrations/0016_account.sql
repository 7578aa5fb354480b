-- +goose Up
-- When a factor goes whose removal waits; none: it stays.
ALTER TABLE factors ADD COLUMN goes_at BIGINT;
CREATE INDEX factors_goes ON factors (workspace, goes_at);
