
-- account_echoes
account_echoes.workspace bytea NOT NULL
account_echoes.id bytea NOT NULL
account_echoes.account bytea NOT NULL
account_echoes.target bytea
account_echoes.skip bytea NOT NULL
account_echoes.what text NOT NULL
account_echoes.at bigint NOT NULL
account_echoes.due_at bigint NOT NULL
account_echoes account_echoes_pkey PRIMARY KEY (workspace, id)
CREATE INDEX account_echoes_due ON public.account_echoes USING btree (workspace, due_at)
CREATE UNIQUE INDEX account_echoes_pkey ON public.account_echoes USING btree (workspace, id)
account_echoes parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
account_echoes parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
account_echoes row security t forced t
account_echoes parlatory_serving may DELETE
account_echoes parlatory_serving may INSERT
account_echoes parlatory_serving may SELECT
account_echoes parlatory_serving may UPDATE

-- account_failures
account_failures.workspace bytea NOT NULL
account_failures.key bytea NOT NULL
account_failures.total bigint NOT NULL
account_failures.cleared bigint NOT NULL
account_failures.at bigint NOT NULL
account_failures.told_at bigint
account_failures.begun_at bigint NOT NULL DEFAULT 0
account_failures.nobody bigint NOT NULL DEFAULT 0
account_failures account_failures_pkey PRIMARY KEY (workspace, key)
CREATE INDEX account_failures_at ON public.account_failures USING btree (workspace, at)
CREATE UNIQUE INDEX account_failures_pkey ON public.account_failures USING btree (workspace, key)
account_failures parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
account_failures parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
account_failures row security t forced t
account_failures parlatory_serving may DELETE
account_failures parlatory_serving may INSERT
account_failures parlatory_serving may SELECT
account_failures parlatory_serving may UPDATE

-- account_passwords
account_passwords.workspace bytea NOT NULL
account_passwords.account bytea NOT NULL
account_passwords.id bytea NOT NULL
account_passwords.created_at bigint NOT NULL
account_passwords.sealed bytea NOT NULL
account_passwords account_passwords_pkey PRIMARY KEY (workspace, account, id)
CREATE UNIQUE INDEX account_passwords_pkey ON public.account_passwords USING btree (workspace, account, id)
account_passwords parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
account_passwords parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
account_passwords row security t forced t
account_passwords parlatory_serving may DELETE
account_passwords parlatory_serving may INSERT
account_passwords parlatory_serving may SELECT
account_passwords parlatory_serving may UPDATE

-- accounts
accounts.workspace bytea NOT NULL
accounts.id bytea NOT NULL
accounts.email_index bytea NOT NULL
accounts.state text NOT NULL
accounts.created_at bigint NOT NULL
accounts.password_at bigint NOT NULL
accounts.revision bigint NOT NULL
accounts.sealed bytea NOT NULL
accounts accounts_pkey PRIMARY KEY (workspace, id)
CREATE UNIQUE INDEX accounts_email ON public.accounts USING btree (workspace, email_index)
CREATE UNIQUE INDEX accounts_pkey ON public.accounts USING btree (workspace, id)
accounts parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
accounts parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
accounts row security t forced t
accounts parlatory_serving may DELETE
accounts parlatory_serving may INSERT
accounts parlatory_serving may SELECT
accounts parlatory_serving may UPDATE

-- agreements
agreements.workspace bytea NOT NULL
agreements.id bytea NOT NULL
agreements.account bytea NOT NULL
agreements.security_version text NOT NULL
agreements.privacy_version text NOT NULL
agreements.at bigint NOT NULL
agreements.sealed bytea NOT NULL
agreements agreements_pkey PRIMARY KEY (workspace, id)
CREATE INDEX agreements_account ON public.agreements USING btree (workspace, account)
CREATE UNIQUE INDEX agreements_pkey ON public.agreements USING btree (workspace, id)
agreements parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
agreements parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
agreements row security t forced t
agreements parlatory_serving may DELETE
agreements parlatory_serving may INSERT
agreements parlatory_serving may SELECT
agreements parlatory_serving may UPDATE

-- answers
answers.workspace bytea NOT NULL
answers.key bytea NOT NULL
answers.body bytea NOT NULL
answers.status bigint NOT NULL
answers.created_at bigint NOT NULL
answers.expires_at bigint NOT NULL
answers.sealed bytea
answers answers_pkey PRIMARY KEY (workspace, key)
CREATE INDEX answers_expires ON public.answers USING btree (expires_at)
CREATE UNIQUE INDEX answers_pkey ON public.answers USING btree (workspace, key)
answers parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
answers parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
answers row security t forced t
answers parlatory_serving may DELETE
answers parlatory_serving may INSERT
answers parlatory_serving may SELECT
answers parlatory_serving may UPDATE

-- api_tokens
api_tokens.workspace bytea NOT NULL
api_tokens.id bytea NOT NULL
api_tokens.hash bytea NOT NULL
api_tokens.account bytea NOT NULL
api_tokens.door bytea NOT NULL
api_tokens.staff bytea NOT NULL
api_tokens.factor text NOT NULL
api_tokens.scopes text NOT NULL
api_tokens.created_at bigint NOT NULL
api_tokens.expires_at bigint NOT NULL
api_tokens.used_at bigint
api_tokens.sealed bytea NOT NULL
api_tokens.used bytea
api_tokens api_tokens_pkey PRIMARY KEY (workspace, id)
CREATE INDEX api_tokens_account ON public.api_tokens USING btree (workspace, account)
CREATE INDEX api_tokens_expires ON public.api_tokens USING btree (workspace, expires_at)
CREATE UNIQUE INDEX api_tokens_hash ON public.api_tokens USING btree (workspace, hash)
CREATE UNIQUE INDEX api_tokens_pkey ON public.api_tokens USING btree (workspace, id)
CREATE INDEX api_tokens_staff ON public.api_tokens USING btree (workspace, staff)
api_tokens parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
api_tokens parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
api_tokens row security t forced t
api_tokens parlatory_serving may DELETE
api_tokens parlatory_serving may INSERT
api_tokens parlatory_serving may SELECT
api_tokens parlatory_serving may UPDATE

-- archive_signers
archive_signers.workspace bytea NOT NULL
archive_signers.id bytea NOT NULL
archive_signers.name text NOT NULL
archive_signers.verifier text NOT NULL
archive_signers.created_at bigint NOT NULL
archive_signers.sealed bytea NOT NULL
archive_signers archive_signers_pkey PRIMARY KEY (workspace)
CREATE UNIQUE INDEX archive_signers_pkey ON public.archive_signers USING btree (workspace)
archive_signers parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
archive_signers parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
archive_signers row security t forced t
archive_signers parlatory_serving may DELETE
archive_signers parlatory_serving may INSERT
archive_signers parlatory_serving may SELECT
archive_signers parlatory_serving may UPDATE

-- attempts
attempts.workspace bytea NOT NULL
attempts.id bytea NOT NULL
attempts.token bytea NOT NULL
attempts.account bytea NOT NULL
attempts.door bytea NOT NULL
attempts.staff bytea NOT NULL
attempts.invitation bytea
attempts.created_at bigint NOT NULL
attempts.expires_at bigint NOT NULL
attempts.revision bigint NOT NULL
attempts.sealed bytea NOT NULL
attempts attempts_pkey PRIMARY KEY (workspace, id)
CREATE INDEX attempts_account ON public.attempts USING btree (workspace, account)
CREATE UNIQUE INDEX attempts_pkey ON public.attempts USING btree (workspace, id)
CREATE INDEX attempts_staff ON public.attempts USING btree (workspace, staff)
CREATE UNIQUE INDEX attempts_token ON public.attempts USING btree (workspace, token)
attempts parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
attempts parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
attempts row security t forced t
attempts parlatory_serving may DELETE
attempts parlatory_serving may INSERT
attempts parlatory_serving may SELECT
attempts parlatory_serving may UPDATE

-- budgets
budgets.workspace bytea NOT NULL
budgets.key bytea NOT NULL
budgets.until bigint NOT NULL
budgets.spent bigint NOT NULL
budgets budgets_pkey PRIMARY KEY (workspace, key)
CREATE UNIQUE INDEX budgets_pkey ON public.budgets USING btree (workspace, key)
CREATE INDEX budgets_until ON public.budgets USING btree (until)
budgets parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
budgets parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
budgets row security t forced t
budgets parlatory_serving may DELETE
budgets parlatory_serving may INSERT
budgets parlatory_serving may SELECT
budgets parlatory_serving may UPDATE

-- ceremonies
ceremonies.workspace bytea NOT NULL
ceremonies.id bytea NOT NULL
ceremonies.token bytea NOT NULL
ceremonies.account bytea
ceremonies.door bytea NOT NULL
ceremonies.bound bytea
ceremonies.kind text NOT NULL
ceremonies.expires_at bigint NOT NULL
ceremonies.sealed bytea NOT NULL
ceremonies ceremonies_pkey PRIMARY KEY (workspace, id)
CREATE INDEX ceremonies_expires ON public.ceremonies USING btree (workspace, expires_at)
CREATE UNIQUE INDEX ceremonies_pkey ON public.ceremonies USING btree (workspace, id)
CREATE UNIQUE INDEX ceremonies_token ON public.ceremonies USING btree (workspace, token)
ceremonies parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
ceremonies parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
ceremonies row security t forced t
ceremonies parlatory_serving may DELETE
ceremonies parlatory_serving may INSERT
ceremonies parlatory_serving may SELECT
ceremonies parlatory_serving may UPDATE

-- contacts
contacts.workspace bytea NOT NULL
contacts.id bytea NOT NULL
contacts.created_at bigint NOT NULL
contacts.revision bigint NOT NULL
contacts.email_index bytea
contacts.sealed bytea NOT NULL
contacts.erased_at bigint
contacts contacts_pkey PRIMARY KEY (workspace, id)
CREATE UNIQUE INDEX contacts_pkey ON public.contacts USING btree (workspace, id)
contacts parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
contacts parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
contacts row security t forced t
contacts parlatory_serving may DELETE
contacts parlatory_serving may INSERT
contacts parlatory_serving may SELECT
contacts parlatory_serving may UPDATE

-- destroyed_keys
destroyed_keys.workspace bytea NOT NULL
destroyed_keys.kind text NOT NULL
destroyed_keys.subject bytea NOT NULL
destroyed_keys.at bigint NOT NULL
destroyed_keys destroyed_keys_pkey PRIMARY KEY (workspace, kind, subject)
CREATE UNIQUE INDEX destroyed_keys_pkey ON public.destroyed_keys USING btree (workspace, kind, subject)
destroyed_keys parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
destroyed_keys parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
destroyed_keys row security t forced t
destroyed_keys parlatory_serving may DELETE
destroyed_keys parlatory_serving may INSERT
destroyed_keys parlatory_serving may SELECT
destroyed_keys parlatory_serving may UPDATE

-- devices
devices.workspace bytea NOT NULL
devices.id bytea NOT NULL
devices.account bytea NOT NULL
devices.token_index bytea NOT NULL
devices.created_at bigint NOT NULL
devices.seen_at bigint NOT NULL
devices.revision bigint NOT NULL
devices.sealed bytea NOT NULL
devices devices_pkey PRIMARY KEY (workspace, id)
CREATE INDEX devices_account ON public.devices USING btree (workspace, account)
CREATE UNIQUE INDEX devices_pkey ON public.devices USING btree (workspace, id)
CREATE INDEX devices_seen ON public.devices USING btree (workspace, seen_at)
CREATE UNIQUE INDEX devices_token ON public.devices USING btree (workspace, token_index)
devices parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
devices parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
devices row security t forced t
devices parlatory_serving may DELETE
devices parlatory_serving may INSERT
devices parlatory_serving may SELECT
devices parlatory_serving may UPDATE

-- door_pardons
door_pardons.workspace bytea NOT NULL
door_pardons.key bytea NOT NULL
door_pardons.total bigint NOT NULL
door_pardons.at bigint NOT NULL
door_pardons.nobody bigint NOT NULL DEFAULT 0
door_pardons door_pardons_pkey PRIMARY KEY (workspace, key)
CREATE INDEX door_pardons_at ON public.door_pardons USING btree (workspace, at)
CREATE UNIQUE INDEX door_pardons_pkey ON public.door_pardons USING btree (workspace, key)
door_pardons parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
door_pardons parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
door_pardons row security t forced t
door_pardons parlatory_serving may DELETE
door_pardons parlatory_serving may INSERT
door_pardons parlatory_serving may SELECT
door_pardons parlatory_serving may UPDATE

-- enquiries
enquiries.workspace bytea NOT NULL
enquiries.id bytea NOT NULL
enquiries.room bytea NOT NULL
enquiries.contact bytea NOT NULL
enquiries.site text NOT NULL
enquiries.department bytea
enquiries.staff bytea
enquiries.state text NOT NULL
enquiries.opened_at bigint NOT NULL
enquiries.picked_at bigint
enquiries.closed_at bigint
enquiries.revision bigint NOT NULL
enquiries.sealed bytea NOT NULL
enquiries enquiries_pkey PRIMARY KEY (workspace, id)
CREATE INDEX enquiries_contact ON public.enquiries USING btree (workspace, contact, id)
CREATE UNIQUE INDEX enquiries_pkey ON public.enquiries USING btree (workspace, id)
CREATE UNIQUE INDEX enquiries_room ON public.enquiries USING btree (workspace, room)
CREATE INDEX enquiries_staff ON public.enquiries USING btree (workspace, staff, state, id)
CREATE INDEX enquiries_state ON public.enquiries USING btree (workspace, state, id)
enquiries parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
enquiries parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
enquiries row security t forced t
enquiries parlatory_serving may DELETE
enquiries parlatory_serving may INSERT
enquiries parlatory_serving may SELECT
enquiries parlatory_serving may UPDATE

-- erasures
erasures.workspace bytea NOT NULL
erasures.id bytea NOT NULL
erasures.contact bytea NOT NULL
erasures.at bigint NOT NULL
erasures.erased_by bytea NOT NULL
erasures.sealed bytea NOT NULL
erasures.certificate bytea
erasures erasures_pkey PRIMARY KEY (workspace, id)
CREATE UNIQUE INDEX erasures_contact ON public.erasures USING btree (workspace, contact)
CREATE UNIQUE INDEX erasures_pkey ON public.erasures USING btree (workspace, id)
CREATE INDEX erasures_waiting ON public.erasures USING btree (workspace, id) WHERE (certificate IS NULL)
erasures parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
erasures parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
erasures row security t forced t
erasures parlatory_serving may DELETE
erasures parlatory_serving may INSERT
erasures parlatory_serving may SELECT
erasures parlatory_serving may UPDATE

-- factor_mails
factor_mails.workspace bytea NOT NULL
factor_mails.account bytea NOT NULL
factor_mails.bound bytea NOT NULL
factor_mails.id bytea NOT NULL
factor_mails.tries bigint NOT NULL
factor_mails.expires_at bigint NOT NULL
factor_mails.sealed bytea NOT NULL
factor_mails factor_mails_pkey PRIMARY KEY (workspace, account, bound)
CREATE INDEX factor_mails_expires ON public.factor_mails USING btree (workspace, expires_at)
CREATE UNIQUE INDEX factor_mails_pkey ON public.factor_mails USING btree (workspace, account, bound)
factor_mails parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
factor_mails parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
factor_mails row security t forced t
factor_mails parlatory_serving may DELETE
factor_mails parlatory_serving may INSERT
factor_mails parlatory_serving may SELECT
factor_mails parlatory_serving may UPDATE

-- factor_tries
factor_tries.workspace bytea NOT NULL
factor_tries.account bytea NOT NULL
factor_tries.device bytea NOT NULL
factor_tries.failures bigint NOT NULL
factor_tries.told_at bigint
factor_tries factor_tries_pkey PRIMARY KEY (workspace, account, device)
CREATE UNIQUE INDEX factor_tries_pkey ON public.factor_tries USING btree (workspace, account, device)
factor_tries parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
factor_tries parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
factor_tries row security t forced t
factor_tries parlatory_serving may DELETE
factor_tries parlatory_serving may INSERT
factor_tries parlatory_serving may SELECT
factor_tries parlatory_serving may UPDATE

-- factor_voids
factor_voids.workspace bytea NOT NULL
factor_voids.account bytea NOT NULL
factor_voids.door bytea NOT NULL
factor_voids.at bigint NOT NULL
factor_voids factor_voids_pkey PRIMARY KEY (workspace, account, door)
CREATE UNIQUE INDEX factor_voids_pkey ON public.factor_voids USING btree (workspace, account, door)
factor_voids parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
factor_voids parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
factor_voids row security t forced t
factor_voids parlatory_serving may DELETE
factor_voids parlatory_serving may INSERT
factor_voids parlatory_serving may SELECT
factor_voids parlatory_serving may UPDATE

-- factors
factors.workspace bytea NOT NULL
factors.id bytea NOT NULL
factors.account bytea NOT NULL
factors.kind text NOT NULL
factors.scope bytea
factors.created_at bigint NOT NULL
factors.used_at bigint
factors.step bigint NOT NULL
factors.credential_index bytea
factors.revision bigint NOT NULL
factors.sealed bytea NOT NULL
factors.goes_at bigint
factors factors_pkey PRIMARY KEY (workspace, id)
CREATE INDEX factors_account ON public.factors USING btree (workspace, account)
CREATE UNIQUE INDEX factors_credential ON public.factors USING btree (workspace, credential_index)
CREATE INDEX factors_goes ON public.factors USING btree (workspace, goes_at)
CREATE UNIQUE INDEX factors_pkey ON public.factors USING btree (workspace, id)
factors parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
factors parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
factors row security t forced t
factors parlatory_serving may DELETE
factors parlatory_serving may INSERT
factors parlatory_serving may SELECT
factors parlatory_serving may UPDATE

-- file_parts
file_parts.workspace bytea NOT NULL
file_parts.file bytea NOT NULL
file_parts.part bigint NOT NULL
file_parts.size bigint NOT NULL
file_parts.mark text NOT NULL
file_parts.digest bytea NOT NULL
file_parts file_parts_pkey PRIMARY KEY (workspace, file, part)
CREATE UNIQUE INDEX file_parts_pkey ON public.file_parts USING btree (workspace, file, part)
file_parts parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
file_parts parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
file_parts row security t forced t
file_parts parlatory_serving may DELETE
file_parts parlatory_serving may INSERT
file_parts parlatory_serving may SELECT
file_parts parlatory_serving may UPDATE

-- file_settings
file_settings.workspace bytea NOT NULL
file_settings.revision bigint NOT NULL
file_settings.sealed bytea NOT NULL
file_settings file_settings_pkey PRIMARY KEY (workspace)
CREATE UNIQUE INDEX file_settings_pkey ON public.file_settings USING btree (workspace)
file_settings parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
file_settings parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
file_settings row security t forced t
file_settings parlatory_serving may DELETE
file_settings parlatory_serving may INSERT
file_settings parlatory_serving may SELECT
file_settings parlatory_serving may UPDATE

-- file_spent
file_spent.workspace bytea NOT NULL
file_spent.key bytea NOT NULL
file_spent.until bigint NOT NULL
file_spent.bytes bigint NOT NULL
file_spent file_spent_pkey PRIMARY KEY (workspace, key)
CREATE UNIQUE INDEX file_spent_pkey ON public.file_spent USING btree (workspace, key)
CREATE INDEX file_spent_until ON public.file_spent USING btree (until)
file_spent parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
file_spent parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
file_spent row security t forced t
file_spent parlatory_serving may DELETE
file_spent parlatory_serving may INSERT
file_spent parlatory_serving may SELECT
file_spent parlatory_serving may UPDATE

-- file_store
file_store.workspace bytea NOT NULL
file_store.id text NOT NULL
file_store file_store_pkey PRIMARY KEY (workspace)
CREATE UNIQUE INDEX file_store_pkey ON public.file_store USING btree (workspace)
file_store parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
file_store parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
file_store row security t forced t
file_store parlatory_serving may DELETE
file_store parlatory_serving may INSERT
file_store parlatory_serving may SELECT
file_store parlatory_serving may UPDATE

-- files
files.workspace bytea NOT NULL
files.id bytea NOT NULL
files.room bytea NOT NULL
files.contact bytea NOT NULL
files.author_kind bigint NOT NULL
files.author bytea NOT NULL
files.client bytea NOT NULL
files.state text NOT NULL
files.kind text NOT NULL
files.size bigint NOT NULL
files.seq bigint NOT NULL
files.created_at bigint NOT NULL
files.changed_at bigint NOT NULL
files.expires_at bigint
files.due_at bigint
files.tries bigint NOT NULL
files.revision bigint NOT NULL
files.sealed bytea NOT NULL
files files_pkey PRIMARY KEY (workspace, id)
CREATE UNIQUE INDEX files_client ON public.files USING btree (workspace, author, client)
CREATE INDEX files_contact ON public.files USING btree (workspace, contact, id)
CREATE INDEX files_due ON public.files USING btree (due_at) WHERE (due_at IS NOT NULL)
CREATE INDEX files_expires ON public.files USING btree (expires_at) WHERE (expires_at IS NOT NULL)
CREATE UNIQUE INDEX files_pkey ON public.files USING btree (workspace, id)
files parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
files parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
files row security t forced t
files parlatory_serving may DELETE
files parlatory_serving may INSERT
files parlatory_serving may SELECT
files parlatory_serving may UPDATE

-- goose_db_version
goose_db_version.id integer NOT NULL
goose_db_version.version_id bigint NOT NULL
goose_db_version.is_applied boolean NOT NULL
goose_db_version.tstamp timestamp without time zone NOT NULL DEFAULT now()
goose_db_version goose_db_version_pkey PRIMARY KEY (id)
CREATE UNIQUE INDEX goose_db_version_pkey ON public.goose_db_version USING btree (id)
goose_db_version row security f forced f
goose_db_version parlatory_serving may SELECT

-- holds
holds.workspace bytea NOT NULL
holds.id bytea NOT NULL
holds.contact bytea NOT NULL
holds.placed_at bigint NOT NULL
holds.placed_by bytea NOT NULL
holds.lifted_at bigint
holds.lifted_by bytea
holds.revision bigint NOT NULL
holds.sealed bytea NOT NULL
holds holds_pkey PRIMARY KEY (workspace, id)
CREATE INDEX holds_contact ON public.holds USING btree (workspace, contact)
CREATE UNIQUE INDEX holds_pkey ON public.holds USING btree (workspace, id)
holds parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
holds parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
holds row security t forced t
holds parlatory_serving may DELETE
holds parlatory_serving may INSERT
holds parlatory_serving may SELECT
holds parlatory_serving may UPDATE

-- inbox
inbox.workspace bytea NOT NULL
inbox.room bytea NOT NULL
inbox.client bytea NOT NULL
inbox.number bigint NOT NULL
inbox.contact bytea NOT NULL
inbox.token bytea NOT NULL
inbox.at bigint NOT NULL
inbox.key_version bigint NOT NULL
inbox.state text NOT NULL
inbox.mac bytea NOT NULL
inbox.sealed bytea NOT NULL
inbox inbox_pkey PRIMARY KEY (workspace, room, client)
CREATE UNIQUE INDEX inbox_number ON public.inbox USING btree (workspace, room, number)
CREATE UNIQUE INDEX inbox_pkey ON public.inbox USING btree (workspace, room, client)
inbox parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
inbox parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
inbox row security t forced t
inbox parlatory_serving may DELETE
inbox parlatory_serving may INSERT
inbox parlatory_serving may SELECT
inbox parlatory_serving may UPDATE

-- inbox_keys
inbox_keys.workspace bytea NOT NULL
inbox_keys.version bigint NOT NULL
inbox_keys.created_at bigint NOT NULL
inbox_keys.public bytea NOT NULL
inbox_keys.mac bytea NOT NULL
inbox_keys.sealed bytea NOT NULL
inbox_keys inbox_keys_pkey PRIMARY KEY (workspace, version)
CREATE UNIQUE INDEX inbox_keys_pkey ON public.inbox_keys USING btree (workspace, version)
inbox_keys parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
inbox_keys parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
inbox_keys row security t forced t
inbox_keys parlatory_serving may DELETE
inbox_keys parlatory_serving may INSERT
inbox_keys parlatory_serving may SELECT
inbox_keys parlatory_serving may UPDATE

-- invitations
invitations.workspace bytea NOT NULL
invitations.id bytea NOT NULL
invitations.staff bytea NOT NULL
invitations.token bytea NOT NULL
invitations.role text NOT NULL
invitations.state text NOT NULL
invitations.created_at bigint NOT NULL
invitations.expires_at bigint NOT NULL
invitations.sealed bytea NOT NULL
invitations invitations_pkey PRIMARY KEY (workspace, id)
CREATE UNIQUE INDEX invitations_pkey ON public.invitations USING btree (workspace, id)
CREATE INDEX invitations_staff ON public.invitations USING btree (workspace, staff)
CREATE UNIQUE INDEX invitations_token ON public.invitations USING btree (workspace, token)
invitations parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
invitations parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
invitations row security t forced t
invitations parlatory_serving may DELETE
invitations parlatory_serving may INSERT
invitations parlatory_serving may SELECT
invitations parlatory_serving may UPDATE

-- key_settings
key_settings.workspace bytea NOT NULL
key_settings.revision bigint NOT NULL
key_settings.sealed bytea NOT NULL
key_settings key_settings_pkey PRIMARY KEY (workspace)
CREATE UNIQUE INDEX key_settings_pkey ON public.key_settings USING btree (workspace)
key_settings parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
key_settings parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
key_settings row security t forced t
key_settings parlatory_serving may DELETE
key_settings parlatory_serving may INSERT
key_settings parlatory_serving may SELECT
key_settings parlatory_serving may UPDATE

-- key_works
key_works.workspace bytea NOT NULL
key_works.kind text NOT NULL
key_works.state text NOT NULL
key_works.done bigint NOT NULL
key_works.total bigint NOT NULL
key_works.begun_at bigint NOT NULL
key_works.changed_at bigint NOT NULL
key_works.ended_at bigint
key_works key_works_pkey PRIMARY KEY (workspace, kind)
CREATE UNIQUE INDEX key_works_pkey ON public.key_works USING btree (workspace, kind)
key_works parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
key_works parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
key_works row security t forced t
key_works parlatory_serving may DELETE
key_works parlatory_serving may INSERT
key_works parlatory_serving may SELECT
key_works parlatory_serving may UPDATE

-- leavings
leavings.workspace bytea NOT NULL
leavings.blob text NOT NULL
leavings.at bigint NOT NULL
leavings leavings_pkey PRIMARY KEY (workspace, blob)
CREATE UNIQUE INDEX leavings_pkey ON public.leavings USING btree (workspace, blob)
leavings parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
leavings parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
leavings row security t forced t
leavings parlatory_serving may DELETE
leavings parlatory_serving may INSERT
leavings parlatory_serving may SELECT
leavings parlatory_serving may UPDATE

-- ledger_entries
ledger_entries.workspace bytea NOT NULL
ledger_entries.id bytea NOT NULL
ledger_entries.log bigint
ledger_entries.number bigint
ledger_entries.at bigint NOT NULL
ledger_entries.actor_kind text NOT NULL
ledger_entries.actor bytea
ledger_entries.action text NOT NULL
ledger_entries.element text NOT NULL
ledger_entries.element_id bytea
ledger_entries.act text NOT NULL
ledger_entries.subject_kind text NOT NULL
ledger_entries.subject bytea
ledger_entries.address_index bytea
ledger_entries.commitment bytea NOT NULL
ledger_entries.sealed bytea
ledger_entries ledger_entries_pkey PRIMARY KEY (workspace, id)
CREATE INDEX ledger_entries_actor ON public.ledger_entries USING btree (workspace, actor, id)
CREATE INDEX ledger_entries_element ON public.ledger_entries USING btree (workspace, element_id, id)
CREATE UNIQUE INDEX ledger_entries_number ON public.ledger_entries USING btree (workspace, log, number)
CREATE UNIQUE INDEX ledger_entries_pkey ON public.ledger_entries USING btree (workspace, id)
CREATE INDEX ledger_entries_subject ON public.ledger_entries USING btree (workspace, subject) WHERE (subject IS NOT NULL)
CREATE INDEX ledger_entries_waiting ON public.ledger_entries USING btree (number, workspace, id) WHERE (number IS NULL)
ledger_entries parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
ledger_entries parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
ledger_entries row security t forced t
ledger_entries parlatory_serving may DELETE
ledger_entries parlatory_serving may INSERT
ledger_entries parlatory_serving may SELECT
ledger_entries parlatory_serving may UPDATE

-- ledger_hashes
ledger_hashes.workspace bytea NOT NULL
ledger_hashes.log bigint NOT NULL
ledger_hashes.block bigint NOT NULL
ledger_hashes.hashes bytea NOT NULL
ledger_hashes ledger_hashes_pkey PRIMARY KEY (workspace, log, block)
CREATE UNIQUE INDEX ledger_hashes_pkey ON public.ledger_hashes USING btree (workspace, log, block)
ledger_hashes parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
ledger_hashes parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
ledger_hashes row security t forced t
ledger_hashes parlatory_serving may DELETE
ledger_hashes parlatory_serving may INSERT
ledger_hashes parlatory_serving may SELECT
ledger_hashes parlatory_serving may UPDATE

-- ledger_heads
ledger_heads.workspace bytea NOT NULL
ledger_heads.log bigint NOT NULL
ledger_heads.size bigint NOT NULL
ledger_heads.root bytea NOT NULL
ledger_heads.note text NOT NULL
ledger_heads.at bigint NOT NULL
ledger_heads ledger_heads_pkey PRIMARY KEY (workspace, log, size)
CREATE UNIQUE INDEX ledger_heads_pkey ON public.ledger_heads USING btree (workspace, log, size)
ledger_heads parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
ledger_heads parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
ledger_heads row security t forced t
ledger_heads parlatory_serving may DELETE
ledger_heads parlatory_serving may INSERT
ledger_heads parlatory_serving may SELECT
ledger_heads parlatory_serving may UPDATE

-- ledger_logs
ledger_logs.workspace bytea NOT NULL
ledger_logs.log bigint NOT NULL
ledger_logs.id bytea NOT NULL
ledger_logs.origin text NOT NULL
ledger_logs.verifier text NOT NULL
ledger_logs.signer bytea NOT NULL
ledger_logs.size bigint NOT NULL
ledger_logs.previous text NOT NULL
ledger_logs.created bigint NOT NULL
ledger_logs ledger_logs_pkey PRIMARY KEY (workspace, log)
CREATE UNIQUE INDEX ledger_logs_pkey ON public.ledger_logs USING btree (workspace, log)
ledger_logs parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
ledger_logs parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
ledger_logs row security t forced t
ledger_logs parlatory_serving may DELETE
ledger_logs parlatory_serving may INSERT
ledger_logs parlatory_serving may SELECT
ledger_logs parlatory_serving may UPDATE

-- marks
marks.workspace bytea NOT NULL
marks.room bytea NOT NULL
marks.reader_kind bigint NOT NULL
marks.reader bytea NOT NULL
marks.seq bigint NOT NULL
marks.at bigint NOT NULL
marks marks_pkey PRIMARY KEY (workspace, room, reader_kind, reader)
CREATE UNIQUE INDEX marks_pkey ON public.marks USING btree (workspace, room, reader_kind, reader)
marks parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
marks parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
marks row security t forced t
marks parlatory_serving may DELETE
marks parlatory_serving may INSERT
marks parlatory_serving may SELECT
marks parlatory_serving may UPDATE

-- messages
messages.workspace bytea NOT NULL
messages.room bytea NOT NULL
messages.seq bigint NOT NULL
messages.client bytea NOT NULL
messages.author_kind bigint NOT NULL
messages.author bytea
messages.event text NOT NULL
messages.at bigint NOT NULL
messages.digest bytea NOT NULL
messages.sealed bytea NOT NULL
messages messages_pkey PRIMARY KEY (workspace, room, seq)
CREATE UNIQUE INDEX messages_client ON public.messages USING btree (workspace, room, client)
CREATE UNIQUE INDEX messages_pkey ON public.messages USING btree (workspace, room, seq)
messages parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
messages parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
messages row security t forced t
messages parlatory_serving may DELETE
messages parlatory_serving may INSERT
messages parlatory_serving may SELECT
messages parlatory_serving may UPDATE

-- network_rules
network_rules.workspace bytea NOT NULL
network_rules.id bytea NOT NULL
network_rules.list text NOT NULL
network_rules.created_at bigint NOT NULL
network_rules.ends_at bigint
network_rules.sealed bytea NOT NULL
network_rules network_rules_pkey PRIMARY KEY (workspace, id)
CREATE INDEX network_rules_list ON public.network_rules USING btree (workspace, list, id)
CREATE UNIQUE INDEX network_rules_pkey ON public.network_rules USING btree (workspace, id)
network_rules parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
network_rules parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
network_rules row security t forced t
network_rules parlatory_serving may DELETE
network_rules parlatory_serving may INSERT
network_rules parlatory_serving may SELECT
network_rules parlatory_serving may UPDATE

-- network_watch
network_watch.workspace bytea NOT NULL
network_watch.staff bytea NOT NULL
network_watch.address_index bytea NOT NULL
network_watch.hour bigint NOT NULL
network_watch.mode text NOT NULL
network_watch.times bigint NOT NULL
network_watch.sealed bytea NOT NULL
network_watch network_watch_pkey PRIMARY KEY (workspace, staff, address_index, hour, mode)
CREATE INDEX network_watch_hour ON public.network_watch USING btree (workspace, hour)
CREATE UNIQUE INDEX network_watch_pkey ON public.network_watch USING btree (workspace, staff, address_index, hour, mode)
network_watch parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
network_watch parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
network_watch row security t forced t
network_watch parlatory_serving may DELETE
network_watch parlatory_serving may INSERT
network_watch parlatory_serving may SELECT
network_watch parlatory_serving may UPDATE

-- outbox
outbox.workspace bytea NOT NULL
outbox.id bytea NOT NULL
outbox.created_at bigint NOT NULL
outbox.due_at bigint NOT NULL
outbox.tries bigint NOT NULL
outbox.sealed bytea NOT NULL
outbox outbox_pkey PRIMARY KEY (workspace, id)
CREATE INDEX outbox_due ON public.outbox USING btree (due_at)
CREATE UNIQUE INDEX outbox_pkey ON public.outbox USING btree (workspace, id)
outbox parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
outbox parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
outbox row security t forced t
outbox parlatory_serving may DELETE
outbox parlatory_serving may INSERT
outbox parlatory_serving may SELECT
outbox parlatory_serving may UPDATE

-- part_ends
part_ends.workspace bytea NOT NULL
part_ends.until bigint NOT NULL
part_ends part_ends_pkey PRIMARY KEY (workspace)
CREATE UNIQUE INDEX part_ends_pkey ON public.part_ends USING btree (workspace)
part_ends parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
part_ends parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
part_ends row security t forced t
part_ends parlatory_serving may DELETE
part_ends parlatory_serving may INSERT
part_ends parlatory_serving may SELECT
part_ends parlatory_serving may UPDATE

-- readings
readings.workspace bytea NOT NULL
readings.room bytea NOT NULL
readings.staff bytea NOT NULL
readings.hour bigint NOT NULL
readings readings_pkey PRIMARY KEY (workspace, room, staff, hour)
CREATE UNIQUE INDEX readings_pkey ON public.readings USING btree (workspace, room, staff, hour)
readings parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
readings parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
readings row security t forced t
readings parlatory_serving may DELETE
readings parlatory_serving may INSERT
readings parlatory_serving may SELECT
readings parlatory_serving may UPDATE

-- recovery_codes
recovery_codes.workspace bytea NOT NULL
recovery_codes.account bytea NOT NULL
recovery_codes.code_index bytea NOT NULL
recovery_codes.id bytea NOT NULL
recovery_codes.created_at bigint NOT NULL
recovery_codes.sealed bytea NOT NULL
recovery_codes recovery_codes_pkey PRIMARY KEY (workspace, account, code_index)
CREATE UNIQUE INDEX recovery_codes_pkey ON public.recovery_codes USING btree (workspace, account, code_index)
recovery_codes parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
recovery_codes parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
recovery_codes row security t forced t
recovery_codes parlatory_serving may DELETE
recovery_codes parlatory_serving may INSERT
recovery_codes parlatory_serving may SELECT
recovery_codes parlatory_serving may UPDATE

-- resets
resets.workspace bytea NOT NULL
resets.id bytea NOT NULL
resets.token bytea NOT NULL
resets.account bytea
resets.door bytea NOT NULL
resets.created_at bigint NOT NULL
resets.expires_at bigint NOT NULL
resets.sealed bytea NOT NULL
resets resets_pkey PRIMARY KEY (workspace, id)
CREATE INDEX resets_account ON public.resets USING btree (workspace, account)
CREATE UNIQUE INDEX resets_pkey ON public.resets USING btree (workspace, id)
CREATE UNIQUE INDEX resets_token ON public.resets USING btree (workspace, token)
resets parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
resets parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
resets row security t forced t
resets parlatory_serving may DELETE
resets parlatory_serving may INSERT
resets parlatory_serving may SELECT
resets parlatory_serving may UPDATE

-- rooms
rooms.workspace bytea NOT NULL
rooms.id bytea NOT NULL
rooms.kind text NOT NULL
rooms.contact bytea
rooms.created_at bigint NOT NULL
rooms.witnessed bigint NOT NULL
rooms rooms_pkey PRIMARY KEY (workspace, id)
CREATE UNIQUE INDEX rooms_pkey ON public.rooms USING btree (workspace, id)
rooms parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
rooms parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
rooms row security t forced t
rooms parlatory_serving may DELETE
rooms parlatory_serving may INSERT
rooms parlatory_serving may SELECT
rooms parlatory_serving may UPDATE

-- security_generations
security_generations.workspace bytea NOT NULL
security_generations.generation bigint NOT NULL
security_generations security_generations_pkey PRIMARY KEY (workspace)
CREATE UNIQUE INDEX security_generations_pkey ON public.security_generations USING btree (workspace)
security_generations parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
security_generations parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
security_generations row security t forced t
security_generations parlatory_serving may DELETE
security_generations parlatory_serving may INSERT
security_generations parlatory_serving may SELECT
security_generations parlatory_serving may UPDATE

-- security_settings
security_settings.workspace bytea NOT NULL
security_settings.revision bigint NOT NULL
security_settings.changed_at bigint NOT NULL
security_settings.sealed bytea NOT NULL
security_settings security_settings_pkey PRIMARY KEY (workspace)
CREATE UNIQUE INDEX security_settings_pkey ON public.security_settings USING btree (workspace)
security_settings parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
security_settings parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
security_settings row security t forced t
security_settings parlatory_serving may DELETE
security_settings parlatory_serving may INSERT
security_settings parlatory_serving may SELECT
security_settings parlatory_serving may UPDATE

-- sessions
sessions.workspace bytea NOT NULL
sessions.id bytea NOT NULL
sessions.token bytea NOT NULL
sessions.account bytea NOT NULL
sessions.door bytea NOT NULL
sessions.staff bytea NOT NULL
sessions.department bytea
sessions.role text NOT NULL
sessions.created_at bigint NOT NULL
sessions.expires_at bigint NOT NULL
sessions.seen_at bigint NOT NULL
sessions.revision bigint NOT NULL
sessions.sealed bytea NOT NULL
sessions.factor text NOT NULL DEFAULT ''::text
sessions.proved_at bigint
sessions sessions_pkey PRIMARY KEY (workspace, id)
CREATE INDEX sessions_account ON public.sessions USING btree (workspace, account)
CREATE INDEX sessions_door ON public.sessions USING btree (workspace, door, staff)
CREATE UNIQUE INDEX sessions_pkey ON public.sessions USING btree (workspace, id)
CREATE INDEX sessions_staff ON public.sessions USING btree (workspace, staff)
CREATE UNIQUE INDEX sessions_token ON public.sessions USING btree (workspace, token)
sessions parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
sessions parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
sessions row security t forced t
sessions parlatory_serving may DELETE
sessions parlatory_serving may INSERT
sessions parlatory_serving may SELECT
sessions parlatory_serving may UPDATE

-- signups
signups.workspace bytea NOT NULL
signups.id bytea NOT NULL
signups.token bytea NOT NULL
signups.created_at bigint NOT NULL
signups.expires_at bigint NOT NULL
signups.used_at bigint NOT NULL
signups.sealed bytea NOT NULL
signups signups_pkey PRIMARY KEY (workspace, id)
CREATE UNIQUE INDEX signups_pkey ON public.signups USING btree (workspace, id)
CREATE UNIQUE INDEX signups_token ON public.signups USING btree (workspace, token)
signups parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
signups parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
signups row security t forced t
signups parlatory_serving may DELETE
signups parlatory_serving may INSERT
signups parlatory_serving may SELECT
signups parlatory_serving may UPDATE

-- sites
sites.workspace bytea NOT NULL
sites.id bytea NOT NULL
sites.origin text NOT NULL
sites.created_at bigint NOT NULL
sites.sealed bytea NOT NULL
sites sites_pkey PRIMARY KEY (workspace, id)
CREATE UNIQUE INDEX sites_origin ON public.sites USING btree (workspace, origin)
CREATE UNIQUE INDEX sites_pkey ON public.sites USING btree (workspace, id)
sites parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
sites parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
sites row security t forced t
sites parlatory_serving may DELETE
sites parlatory_serving may INSERT
sites parlatory_serving may SELECT
sites parlatory_serving may UPDATE

-- staff
staff.workspace bytea NOT NULL
staff.id bytea NOT NULL
staff.account bytea
staff.email_index bytea
staff.role text NOT NULL
staff.department bytea
staff.state text NOT NULL
staff.created_at bigint NOT NULL
staff.revision bigint NOT NULL
staff.sealed bytea NOT NULL
staff staff_pkey PRIMARY KEY (workspace, id)
CREATE UNIQUE INDEX staff_account ON public.staff USING btree (workspace, account)
CREATE UNIQUE INDEX staff_email ON public.staff USING btree (workspace, email_index)
CREATE INDEX staff_memberships ON public.staff USING btree (account)
CREATE UNIQUE INDEX staff_pkey ON public.staff USING btree (workspace, id)
staff parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
staff parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
staff row security t forced t
staff parlatory_serving may DELETE
staff parlatory_serving may INSERT
staff parlatory_serving may SELECT
staff parlatory_serving may UPDATE

-- staff_turns
staff_turns.workspace bytea NOT NULL
staff_turns.turn bigint NOT NULL
staff_turns staff_turns_pkey PRIMARY KEY (workspace)
CREATE UNIQUE INDEX staff_turns_pkey ON public.staff_turns USING btree (workspace)
staff_turns parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
staff_turns parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
staff_turns row security t forced t
staff_turns parlatory_serving may DELETE
staff_turns parlatory_serving may INSERT
staff_turns parlatory_serving may SELECT
staff_turns parlatory_serving may UPDATE

-- subject_keys
subject_keys.workspace bytea NOT NULL
subject_keys.kind text NOT NULL
subject_keys.subject bytea NOT NULL
subject_keys.version bigint NOT NULL
subject_keys.id bytea NOT NULL
subject_keys.parent bigint NOT NULL
subject_keys.created_at bigint NOT NULL
subject_keys.wrapped bytea NOT NULL
subject_keys.seals bigint NOT NULL DEFAULT 0
subject_keys.serves_at bigint
subject_keys subject_keys_pkey PRIMARY KEY (workspace, kind, subject, version)
CREATE INDEX subject_keys_parent ON public.subject_keys USING btree (workspace, parent)
CREATE UNIQUE INDEX subject_keys_pkey ON public.subject_keys USING btree (workspace, kind, subject, version)
CREATE INDEX subject_keys_spent ON public.subject_keys USING btree (workspace, kind, subject, version) WHERE (seals > 2147483647)
subject_keys parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
subject_keys parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
subject_keys row security t forced t
subject_keys parlatory_serving may DELETE
subject_keys parlatory_serving may INSERT
subject_keys parlatory_serving may SELECT
subject_keys parlatory_serving may UPDATE

-- trusts
trusts.workspace bytea NOT NULL
trusts.id bytea NOT NULL
trusts.account bytea NOT NULL
trusts.device bytea NOT NULL
trusts.door bytea NOT NULL
trusts.factor text NOT NULL
trusts.created_at bigint NOT NULL
trusts.until bigint NOT NULL
trusts.sealed bytea NOT NULL
trusts trusts_pkey PRIMARY KEY (workspace, id)
CREATE INDEX trusts_account ON public.trusts USING btree (workspace, account, door)
CREATE UNIQUE INDEX trusts_pkey ON public.trusts USING btree (workspace, id)
CREATE INDEX trusts_until ON public.trusts USING btree (workspace, until)
trusts parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
trusts parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
trusts row security t forced t
trusts parlatory_serving may DELETE
trusts parlatory_serving may INSERT
trusts parlatory_serving may SELECT
trusts parlatory_serving may UPDATE

-- visitor_refusals
visitor_refusals.workspace bytea NOT NULL
visitor_refusals.day bigint NOT NULL
visitor_refusals.times bigint NOT NULL
visitor_refusals visitor_refusals_pkey PRIMARY KEY (workspace, day)
CREATE UNIQUE INDEX visitor_refusals_pkey ON public.visitor_refusals USING btree (workspace, day)
visitor_refusals parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
visitor_refusals parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
visitor_refusals row security t forced t
visitor_refusals parlatory_serving may DELETE
visitor_refusals parlatory_serving may INSERT
visitor_refusals parlatory_serving may SELECT
visitor_refusals parlatory_serving may UPDATE

-- visitor_tokens
visitor_tokens.workspace bytea NOT NULL
visitor_tokens.id bytea NOT NULL
visitor_tokens.hash bytea NOT NULL
visitor_tokens.contact bytea NOT NULL
visitor_tokens.site text NOT NULL
visitor_tokens.created_at bigint NOT NULL
visitor_tokens.seen_at bigint NOT NULL
visitor_tokens.expires_at bigint NOT NULL
visitor_tokens.sealed bytea NOT NULL
visitor_tokens visitor_tokens_pkey PRIMARY KEY (workspace, id)
CREATE INDEX visitor_tokens_contact ON public.visitor_tokens USING btree (workspace, contact)
CREATE UNIQUE INDEX visitor_tokens_hash ON public.visitor_tokens USING btree (workspace, hash)
CREATE UNIQUE INDEX visitor_tokens_pkey ON public.visitor_tokens USING btree (workspace, id)
visitor_tokens parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
visitor_tokens parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
visitor_tokens row security t forced t
visitor_tokens parlatory_serving may DELETE
visitor_tokens parlatory_serving may INSERT
visitor_tokens parlatory_serving may SELECT
visitor_tokens parlatory_serving may UPDATE

-- workspace_keys
workspace_keys.workspace bytea NOT NULL
workspace_keys.version bigint NOT NULL
workspace_keys.id bytea NOT NULL
workspace_keys.parent bigint NOT NULL
workspace_keys.created_at bigint NOT NULL
workspace_keys.wrapped bytea NOT NULL
workspace_keys.root text NOT NULL DEFAULT 'file'::text
workspace_keys workspace_keys_pkey PRIMARY KEY (workspace, version)
CREATE UNIQUE INDEX workspace_keys_pkey ON public.workspace_keys USING btree (workspace, version)
workspace_keys parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
workspace_keys parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
workspace_keys row security t forced t
workspace_keys parlatory_serving may DELETE
workspace_keys parlatory_serving may INSERT
workspace_keys parlatory_serving may SELECT
workspace_keys parlatory_serving may UPDATE

-- workspaces
workspaces.workspace bytea NOT NULL
workspaces.subdomain text NOT NULL
workspaces.state text NOT NULL
workspaces.created_at bigint NOT NULL
workspaces.revision bigint NOT NULL
workspaces.sealed bytea NOT NULL
workspaces workspaces_pkey PRIMARY KEY (workspace)
CREATE UNIQUE INDEX workspaces_pkey ON public.workspaces USING btree (workspace)
CREATE UNIQUE INDEX workspaces_subdomain ON public.workspaces USING btree (subdomain)
workspaces parlatory_across SELECT {public} USING (current_setting('parlatory.across'::text, true) = 'on'::text) CHECK 
workspaces parlatory_pinned ALL {public} USING ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text)))) CHECK ((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR ((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))
workspaces row security t forced t
workspaces parlatory_serving may DELETE
workspaces parlatory_serving may INSERT
workspaces parlatory_serving may SELECT
workspaces parlatory_serving may UPDATE
