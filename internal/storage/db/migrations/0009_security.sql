-- +goose Up
CREATE TABLE security_settings (
    workspace  BYTEA  NOT NULL,
    revision   BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (workspace)
);

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

CREATE TABLE visitor_refusals (
    workspace BYTEA  NOT NULL,
    day       BIGINT NOT NULL,
    times     BIGINT NOT NULL,
    PRIMARY KEY (workspace, day)
);
