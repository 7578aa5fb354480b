-- +goose Up
CREATE TABLE ledger_logs (
    workspace BYTEA NOT NULL,
    log BIGINT NOT NULL,
    id BYTEA NOT NULL,
    origin TEXT NOT NULL,
    verifier TEXT NOT NULL,
    signer BYTEA NOT NULL,
    size BIGINT NOT NULL,
    previous TEXT NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (workspace, log)
);

CREATE TABLE ledger_entries (
    workspace BYTEA NOT NULL,
    id BYTEA NOT NULL,
    log BIGINT,
    number BIGINT,
    at BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor BYTEA,
    action TEXT NOT NULL,
    element TEXT NOT NULL,
    element_id BYTEA,
    act TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject BYTEA,
    address_index BYTEA,
    commitment BYTEA NOT NULL,
    sealed BYTEA,
    PRIMARY KEY (workspace, id)
);

CREATE UNIQUE INDEX ledger_entries_number ON ledger_entries (workspace, log, number);
CREATE INDEX ledger_entries_waiting ON ledger_entries (number, workspace, id) WHERE number IS NULL;
CREATE INDEX ledger_entries_actor ON ledger_entries (workspace, actor, id);
CREATE INDEX ledger_entries_element ON ledger_entries (workspace, element_id, id);

CREATE TABLE ledger_hashes (
    workspace BYTEA NOT NULL,
    log BIGINT NOT NULL,
    block BIGINT NOT NULL,
    hashes BYTEA NOT NULL,
    PRIMARY KEY (workspace, log, block)
);

CREATE TABLE ledger_heads (
    workspace BYTEA NOT NULL,
    log BIGINT NOT NULL,
    size BIGINT NOT NULL,
    root BYTEA NOT NULL,
    note TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (workspace, log, size)
);
