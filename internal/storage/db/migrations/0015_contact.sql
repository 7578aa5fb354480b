-- +goose Up
-- Finds where a visitor was last seen, for "Block this visitor".
CREATE INDEX visitor_tokens_contact ON visitor_tokens (workspace, contact);
