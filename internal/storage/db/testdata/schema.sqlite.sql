CREATE TABLE account_echoes (
    workspace BYTEA  NOT NULL,
    id        BYTEA  NOT NULL,
    account   BYTEA  NOT NULL,
    target    BYTEA,
    skip      BYTEA  NOT NULL,
    what      TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    due_at    BIGINT NOT NULL,
    PRIMARY KEY (workspace, id)
);

CREATE INDEX account_echoes_due ON account_echoes (workspace, due_at);

CREATE TABLE account_failures (
    workspace BYTEA  NOT NULL,
    key       BYTEA  NOT NULL,
    total     BIGINT NOT NULL,
    cleared   BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    told_at   BIGINT, begun_at BIGINT NOT NULL DEFAULT 0, nobody BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace, key)
);

CREATE INDEX account_failures_at ON account_failures (workspace, at);

CREATE TABLE account_passwords (
    workspace  BYTEA  NOT NULL,
    account    BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    created_at BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace, account, id)
);

CREATE TABLE accounts (
    workspace   BYTEA  NOT NULL,
    id          BYTEA  NOT NULL,
    email_index BYTEA  NOT NULL,
    state       TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    password_at BIGINT NOT NULL,
    revision    BIGINT NOT NULL,
    sealed      BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);

CREATE UNIQUE INDEX accounts_email ON accounts (workspace, email_index);

CREATE TABLE agreements (
    workspace        BYTEA  NOT NULL,
    id               BYTEA  NOT NULL,
    account          BYTEA  NOT NULL,
    security_version TEXT   NOT NULL,
    privacy_version  TEXT   NOT NULL,
    at               BIGINT NOT NULL,
    sealed           BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);

CREATE INDEX agreements_account ON agreements (workspace, account);

CREATE TABLE answers (
    workspace  BYTEA  NOT NULL,
    key        BYTEA  NOT NULL,
    body       BYTEA  NOT NULL,
    status     BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    sealed     BYTEA,
    PRIMARY KEY (workspace, key)
);

CREATE INDEX answers_expires ON answers (expires_at);

CREATE TABLE api_tokens (
    workspace  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    hash       BYTEA  NOT NULL,
    account    BYTEA  NOT NULL,
    door       BYTEA  NOT NULL,
    staff      BYTEA  NOT NULL,
    factor     TEXT   NOT NULL,
    scopes     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT,
    sealed     BYTEA  NOT NULL,
    used       BYTEA,
    PRIMARY KEY (workspace, id)
);

CREATE INDEX api_tokens_account ON api_tokens (workspace, account);

CREATE INDEX api_tokens_expires ON api_tokens (workspace, expires_at);

CREATE UNIQUE INDEX api_tokens_hash ON api_tokens (workspace, hash);

CREATE INDEX api_tokens_staff ON api_tokens (workspace, staff);

CREATE TABLE archive_signers (
    workspace  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    name       TEXT   NOT NULL,
    verifier   TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace)
);

CREATE TABLE attempts (
    workspace  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    token      BYTEA  NOT NULL,
    account    BYTEA  NOT NULL,
    door       BYTEA  NOT NULL,
    staff      BYTEA  NOT NULL,
    invitation BYTEA,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revision   BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);

CREATE INDEX attempts_account ON attempts (workspace, account);

CREATE INDEX attempts_staff ON attempts (workspace, staff);

CREATE UNIQUE INDEX attempts_token ON attempts (workspace, token);

CREATE TABLE budgets (
    workspace BYTEA  NOT NULL,
    key       BYTEA  NOT NULL,
    until     BIGINT NOT NULL,
    spent     BIGINT NOT NULL,
    PRIMARY KEY (workspace, key)
);

CREATE INDEX budgets_until ON budgets (until);

CREATE TABLE ceremonies (
    workspace  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    token      BYTEA  NOT NULL,
    account    BYTEA,
    door       BYTEA  NOT NULL,
    bound      BYTEA,
    kind       TEXT   NOT NULL,
    expires_at BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);

CREATE INDEX ceremonies_expires ON ceremonies (workspace, expires_at);

CREATE UNIQUE INDEX ceremonies_token ON ceremonies (workspace, token);

CREATE TABLE contacts (
    workspace   BYTEA  NOT NULL,
    id          BYTEA  NOT NULL,
    created_at  BIGINT NOT NULL,
    revision    BIGINT NOT NULL,
    email_index BYTEA,
    sealed      BYTEA  NOT NULL, erased_at BIGINT,
    PRIMARY KEY (workspace, id)
);

CREATE TABLE destroyed_keys (
    workspace BYTEA  NOT NULL,
    kind      TEXT   NOT NULL,
    subject   BYTEA  NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (workspace, kind, subject)
);

CREATE TABLE devices (
    workspace   BYTEA  NOT NULL,
    id          BYTEA  NOT NULL,
    account     BYTEA  NOT NULL,
    token_index BYTEA  NOT NULL,
    created_at  BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL,
    revision    BIGINT NOT NULL,
    sealed      BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);

CREATE INDEX devices_account ON devices (workspace, account);

CREATE INDEX devices_seen ON devices (workspace, seen_at);

CREATE UNIQUE INDEX devices_token ON devices (workspace, token_index);

CREATE TABLE door_pardons (
    workspace BYTEA  NOT NULL,
    key       BYTEA  NOT NULL,
    total     BIGINT NOT NULL,
    at        BIGINT NOT NULL, nobody BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace, key)
);

CREATE INDEX door_pardons_at ON door_pardons (workspace, at);

CREATE TABLE enquiries (
    workspace  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    room       BYTEA  NOT NULL,
    contact    BYTEA  NOT NULL,
    site       TEXT   NOT NULL,
    department BYTEA,
    staff      BYTEA,
    state      TEXT   NOT NULL,
    opened_at  BIGINT NOT NULL,
    picked_at  BIGINT,
    closed_at  BIGINT,
    revision   BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);

CREATE INDEX enquiries_contact ON enquiries (workspace, contact, id);

CREATE UNIQUE INDEX enquiries_room ON enquiries (workspace, room);

CREATE INDEX enquiries_staff ON enquiries (workspace, staff, state, id);

CREATE INDEX enquiries_state ON enquiries (workspace, state, id);

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

CREATE TABLE factor_mails (
    workspace  BYTEA  NOT NULL,
    account    BYTEA  NOT NULL,
    bound      BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    tries      BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace, account, bound)
);

CREATE INDEX factor_mails_expires ON factor_mails (workspace, expires_at);

CREATE TABLE factor_tries (
    workspace BYTEA  NOT NULL,
    account   BYTEA  NOT NULL,
    device    BYTEA  NOT NULL,
    failures  BIGINT NOT NULL,
    told_at   BIGINT,
    PRIMARY KEY (workspace, account, device)
);

CREATE TABLE factor_voids (
    workspace BYTEA  NOT NULL,
    account   BYTEA  NOT NULL,
    door      BYTEA  NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (workspace, account, door)
);

CREATE TABLE factors (
    workspace        BYTEA  NOT NULL,
    id               BYTEA  NOT NULL,
    account          BYTEA  NOT NULL,
    kind             TEXT   NOT NULL,
    scope            BYTEA,
    created_at       BIGINT NOT NULL,
    used_at          BIGINT,
    step             BIGINT NOT NULL,
    credential_index BYTEA,
    revision         BIGINT NOT NULL,
    sealed           BYTEA  NOT NULL, goes_at BIGINT,
    PRIMARY KEY (workspace, id)
);

CREATE INDEX factors_account ON factors (workspace, account);

CREATE UNIQUE INDEX factors_credential ON factors (workspace, credential_index);

CREATE INDEX factors_goes ON factors (workspace, goes_at);

CREATE TABLE file_parts (
    workspace BYTEA  NOT NULL,
    file      BYTEA  NOT NULL,
    part      BIGINT NOT NULL,
    size      BIGINT NOT NULL,
    mark      TEXT   NOT NULL,
    digest    BYTEA  NOT NULL,
    PRIMARY KEY (workspace, file, part)
);

CREATE TABLE file_settings (
    workspace BYTEA  NOT NULL,
    revision  BIGINT NOT NULL,
    sealed    BYTEA  NOT NULL,
    PRIMARY KEY (workspace)
);

CREATE TABLE file_spent (
    workspace BYTEA  NOT NULL,
    key       BYTEA  NOT NULL,
    until     BIGINT NOT NULL,
    bytes     BIGINT NOT NULL,
    PRIMARY KEY (workspace, key)
);

CREATE INDEX file_spent_until ON file_spent (until);

CREATE TABLE file_store (
    workspace BYTEA NOT NULL,
    id        TEXT  NOT NULL,
    PRIMARY KEY (workspace)
);

CREATE TABLE files (
    workspace   BYTEA  NOT NULL,
    id          BYTEA  NOT NULL,
    room        BYTEA  NOT NULL,
    contact     BYTEA  NOT NULL,
    author_kind BIGINT NOT NULL,
    author      BYTEA  NOT NULL,
    client      BYTEA  NOT NULL,
    state       TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    size        BIGINT NOT NULL,
    seq         BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    changed_at  BIGINT NOT NULL,
    expires_at  BIGINT,
    due_at      BIGINT,
    tries       BIGINT NOT NULL,
    revision    BIGINT NOT NULL,
    sealed      BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);

CREATE UNIQUE INDEX files_client ON files (workspace, author, client);

CREATE INDEX files_contact ON files (workspace, contact, id);

CREATE INDEX files_due ON files (due_at) WHERE due_at IS NOT NULL;

CREATE INDEX files_expires ON files (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);

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

CREATE TABLE inbox (
    workspace   BYTEA  NOT NULL,
    room        BYTEA  NOT NULL,
    client      BYTEA  NOT NULL,
    number      BIGINT NOT NULL,
    contact     BYTEA  NOT NULL,
    token       BYTEA  NOT NULL,
    at          BIGINT NOT NULL,
    key_version BIGINT NOT NULL,
    state       TEXT   NOT NULL,
    mac         BYTEA  NOT NULL,
    sealed      BYTEA  NOT NULL,
    PRIMARY KEY (workspace, room, client)
);

CREATE UNIQUE INDEX inbox_number ON inbox (workspace, room, number);

CREATE TABLE inbox_keys (
    workspace  BYTEA  NOT NULL,
    version    BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    public     BYTEA  NOT NULL,
    mac        BYTEA  NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace, version)
);

CREATE TABLE invitations (
    workspace  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    staff      BYTEA  NOT NULL,
    token      BYTEA  NOT NULL,
    role       TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);

CREATE INDEX invitations_staff ON invitations (workspace, staff);

CREATE UNIQUE INDEX invitations_token ON invitations (workspace, token);

CREATE TABLE key_settings (
    workspace BYTEA  NOT NULL,
    revision  BIGINT NOT NULL,
    sealed    BYTEA  NOT NULL,
    PRIMARY KEY (workspace)
);

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

CREATE TABLE leavings (
    workspace BYTEA  NOT NULL,
    blob      TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (workspace, blob)
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

CREATE INDEX ledger_entries_actor ON ledger_entries (workspace, actor, id);

CREATE INDEX ledger_entries_element ON ledger_entries (workspace, element_id, id);

CREATE UNIQUE INDEX ledger_entries_number ON ledger_entries (workspace, log, number);

CREATE INDEX ledger_entries_subject ON ledger_entries (workspace, subject) WHERE subject IS NOT NULL;

CREATE INDEX ledger_entries_waiting ON ledger_entries (number, workspace, id) WHERE number IS NULL;

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

CREATE TABLE marks (
    workspace   BYTEA  NOT NULL,
    room        BYTEA  NOT NULL,
    reader_kind BIGINT NOT NULL,
    reader      BYTEA  NOT NULL,
    seq         BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    PRIMARY KEY (workspace, room, reader_kind, reader)
);

CREATE TABLE messages (
    workspace   BYTEA  NOT NULL,
    room        BYTEA  NOT NULL,
    seq         BIGINT NOT NULL,
    client      BYTEA  NOT NULL,
    author_kind BIGINT NOT NULL,
    author      BYTEA,
    event       TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    digest      BYTEA  NOT NULL,
    sealed      BYTEA  NOT NULL,
    PRIMARY KEY (workspace, room, seq)
);

CREATE UNIQUE INDEX messages_client ON messages (workspace, room, client);

CREATE TABLE network_rules (
    workspace  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    list       TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    ends_at    BIGINT,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);

CREATE INDEX network_rules_list ON network_rules (workspace, list, id);

CREATE TABLE network_watch (
    workspace     BYTEA  NOT NULL,
    staff         BYTEA  NOT NULL,
    address_index BYTEA  NOT NULL,
    hour          BIGINT NOT NULL,
    mode          TEXT   NOT NULL,
    times         BIGINT NOT NULL,
    sealed        BYTEA  NOT NULL,
    PRIMARY KEY (workspace, staff, address_index, hour, mode)
);

CREATE INDEX network_watch_hour ON network_watch (workspace, hour);

CREATE TABLE outbox (
    workspace  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    created_at BIGINT NOT NULL,
    due_at     BIGINT NOT NULL,
    tries      BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);

CREATE INDEX outbox_due ON outbox (due_at);

CREATE TABLE part_ends (
    workspace BYTEA  NOT NULL,
    until     BIGINT NOT NULL,
    PRIMARY KEY (workspace)
);

CREATE TABLE readings (
    workspace BYTEA  NOT NULL,
    room      BYTEA  NOT NULL,
    staff     BYTEA  NOT NULL,
    hour      BIGINT NOT NULL,
    PRIMARY KEY (workspace, room, staff, hour)
);

CREATE TABLE recovery_codes (
    workspace  BYTEA  NOT NULL,
    account    BYTEA  NOT NULL,
    code_index BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    created_at BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace, account, code_index)
);

CREATE TABLE resets (
    workspace  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    token      BYTEA  NOT NULL,
    account    BYTEA,
    door       BYTEA  NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);

CREATE INDEX resets_account ON resets (workspace, account);

CREATE UNIQUE INDEX resets_token ON resets (workspace, token);

CREATE TABLE rooms (
    workspace  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    kind       TEXT   NOT NULL,
    contact    BYTEA,
    created_at BIGINT NOT NULL,
    witnessed  BIGINT NOT NULL,
    PRIMARY KEY (workspace, id)
);

CREATE TABLE security_generations (
    workspace  BYTEA  NOT NULL,
    generation BIGINT NOT NULL,
    PRIMARY KEY (workspace)
);

CREATE TABLE security_settings (
    workspace  BYTEA  NOT NULL,
    revision   BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace)
);

CREATE TABLE sessions (
    workspace  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    token      BYTEA  NOT NULL,
    account    BYTEA  NOT NULL,
    door       BYTEA  NOT NULL,
    staff      BYTEA  NOT NULL,
    department BYTEA,
    role       TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    revision   BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL, factor TEXT NOT NULL DEFAULT '', proved_at BIGINT,
    PRIMARY KEY (workspace, id)
);

CREATE INDEX sessions_account ON sessions (workspace, account);

CREATE INDEX sessions_door ON sessions (workspace, door, staff);

CREATE INDEX sessions_staff ON sessions (workspace, staff);

CREATE UNIQUE INDEX sessions_token ON sessions (workspace, token);

CREATE TABLE signups (
    workspace  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    token      BYTEA  NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);

CREATE UNIQUE INDEX signups_token ON signups (workspace, token);

CREATE TABLE sites (
    workspace  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    origin     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);

CREATE UNIQUE INDEX sites_origin ON sites (workspace, origin);

CREATE TABLE staff (
    workspace   BYTEA  NOT NULL,
    id          BYTEA  NOT NULL,
    account     BYTEA,
    email_index BYTEA,
    role        TEXT   NOT NULL,
    department  BYTEA,
    state       TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    revision    BIGINT NOT NULL,
    sealed      BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);

CREATE UNIQUE INDEX staff_account ON staff (workspace, account);

CREATE UNIQUE INDEX staff_email ON staff (workspace, email_index);

CREATE INDEX staff_memberships ON staff (account);

CREATE TABLE staff_turns (
    workspace BYTEA  NOT NULL,
    turn      BIGINT NOT NULL,
    PRIMARY KEY (workspace)
);

CREATE TABLE subject_keys (
    workspace  BYTEA  NOT NULL,
    kind       TEXT   NOT NULL,
    subject    BYTEA  NOT NULL,
    version    BIGINT NOT NULL,
    id         BYTEA  NOT NULL,
    parent     BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    wrapped    BYTEA  NOT NULL, seals BIGINT NOT NULL DEFAULT 0, serves_at BIGINT,
    PRIMARY KEY (workspace, kind, subject, version)
);

CREATE INDEX subject_keys_parent ON subject_keys (workspace, parent);

CREATE INDEX subject_keys_spent ON subject_keys (workspace, kind, subject, version) WHERE seals > 2147483647;

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

CREATE TABLE visitor_refusals (
    workspace BYTEA  NOT NULL,
    day       BIGINT NOT NULL,
    times     BIGINT NOT NULL,
    PRIMARY KEY (workspace, day)
);

CREATE TABLE visitor_tokens (
    workspace  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    hash       BYTEA  NOT NULL,
    contact    BYTEA  NOT NULL,
    site       TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace, id)
);

CREATE INDEX visitor_tokens_contact ON visitor_tokens (workspace, contact);

CREATE UNIQUE INDEX visitor_tokens_hash ON visitor_tokens (workspace, hash);

CREATE TABLE workspace_keys (
    workspace  BYTEA  NOT NULL,
    version    BIGINT NOT NULL,
    id         BYTEA  NOT NULL,
    parent     BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    wrapped    BYTEA  NOT NULL, root TEXT NOT NULL DEFAULT 'file',
    PRIMARY KEY (workspace, version)
);

CREATE TABLE workspaces (
    workspace  BYTEA  NOT NULL,
    subdomain  TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    revision   BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace)
);

CREATE UNIQUE INDEX workspaces_subdomain ON workspaces (subdomain);

