-- +goose Up
-- Which root wraps a workspace's key; how much a version has sealed, and from when a later one seals.
ALTER TABLE workspace_keys ADD COLUMN root TEXT NOT NULL DEFAULT 'file';
ALTER TABLE subject_keys ADD COLUMN seals BIGINT NOT NULL DEFAULT 0;
ALTER TABLE subject_keys ADD COLUMN serves_at BIGINT;
CREATE INDEX subject_keys_parent ON subject_keys (workspace, parent);

-- What a workspace asks of its keys: its own key server, schedules. Sealed under the house's key, since it is read to open the workspace's.
CREATE TABLE key_settings (
    workspace BYTEA  NOT NULL,
    revision  BIGINT NOT NULL,
    sealed    BYTEA  NOT NULL,
    PRIMARY KEY (workspace)
);

-- Work on keys that takes its time: one of a kind in a workspace. A node that works on it renews changed_at.
CREATE TABLE key_works (
    workspace  BYTEA  NOT NULL,
    kind       TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    done       BIGINT NOT NULL,
    total      BIGINT NOT NULL,
    begun_at   BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    ended_at   BIGINT,
    PRIMARY KEY (workspace, kind)
);
CREATE INDEX subject_keys_spent ON subject_keys (workspace, kind, subject, version) WHERE seals > 2147483647;
