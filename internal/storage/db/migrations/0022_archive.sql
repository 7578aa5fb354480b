-- +goose Up
-- The mark of a contact who was erased: nothing opens the rest of the row.
ALTER TABLE contacts ADD COLUMN erased_at BIGINT;
CREATE INDEX ledger_entries_subject ON ledger_entries (workspace, subject) WHERE subject IS NOT NULL;

-- Legal holds: while one stands, its contact is not erased.
CREATE TABLE holds (
    workspace BYTEA  NOT NULL,
    id        BYTEA  NOT NULL,
    contact   BYTEA  NOT NULL,
    placed_at BIGINT NOT NULL,
    placed_by BYTEA  NOT NULL,
    lifted_at BIGINT,
    lifted_by BYTEA,
    revision  BIGINT NOT NULL,
    sealed    BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE INDEX holds_contact ON holds (workspace, contact);

-- Erasures with their certificates. Both sealed columns are under the ledger's key.
CREATE TABLE erasures (
    workspace   BYTEA  NOT NULL,
    id          BYTEA  NOT NULL,
    contact     BYTEA  NOT NULL,
    at          BIGINT NOT NULL,
    erased_by   BYTEA  NOT NULL,
    sealed      BYTEA  NOT NULL,
    certificate BYTEA,
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX erasures_contact ON erasures (workspace, contact);
CREATE INDEX erasures_waiting ON erasures (workspace, id) WHERE certificate IS NULL;

-- What signs certificates, exports and key backups: one a workspace and one of the house, sealed under the house's ledger key.
CREATE TABLE archive_signers (
    workspace  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    name       TEXT   NOT NULL,
    verifier   TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace)
);

-- Blobs of erased contacts that are still to be deleted.
CREATE TABLE leavings (
    workspace BYTEA  NOT NULL,
    blob      TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (workspace, blob)
);
