-- Identity providers of organizations, who comes through them, and sign-ins that are under way at one.

-- `settings` is JSON of the protocol's settings. `last_test` is JSON of what the last test found; `passed_at` when one last passed
-- with the settings of that time: whoever changes what a sign-in depends on clears it.
CREATE TABLE identity_providers (
    id BLOB NOT NULL PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    protocol TEXT NOT NULL,
    state TEXT NOT NULL,
    settings TEXT NOT NULL,
    secret_sealed BLOB,
    last_test TEXT,
    tested_at INTEGER,
    passed_at INTEGER,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    UNIQUE (organization_id, name)
) STRICT;

-- Our keys towards one of them: the one that was made last is the one in use, unless it is not given out yet.
CREATE TABLE identity_provider_keys (
    id BLOB NOT NULL PRIMARY KEY,
    identity_provider_id BLOB NOT NULL REFERENCES identity_providers (id) ON DELETE CASCADE,
    private_sealed BLOB NOT NULL,
    certificate BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    used_from INTEGER
) STRICT;
CREATE INDEX identity_provider_keys_by_provider ON identity_provider_keys (identity_provider_id, created_at, id);

CREATE TABLE identity_provider_domains (
    identity_provider_id BLOB NOT NULL REFERENCES identity_providers (id) ON DELETE CASCADE,
    domain_id BLOB NOT NULL REFERENCES domains (id) ON DELETE CASCADE,
    PRIMARY KEY (identity_provider_id, domain_id)
) STRICT;
CREATE INDEX identity_provider_domains_by_domain ON identity_provider_domains (domain_id);

-- Who somebody is at an identity provider. `subject` is what tells people apart there.
CREATE TABLE identities (
    identity_provider_id BLOB NOT NULL REFERENCES identity_providers (id) ON DELETE CASCADE,
    subject TEXT NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER,
    PRIMARY KEY (identity_provider_id, subject)
) STRICT;
CREATE INDEX identities_by_user ON identities (user_id);

-- Requests that browsers were sent with. The answer comes by another site's form, which brings no cookie of ours: it waits here,
-- sealed, for the browser that asked.
CREATE TABLE provider_requests (
    request_hash BLOB NOT NULL PRIMARY KEY,
    identity_provider_id BLOB NOT NULL REFERENCES identity_providers (id) ON DELETE CASCADE,
    is_test INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    answered_at INTEGER,
    answer_sealed BLOB
) STRICT;
CREATE INDEX provider_requests_by_expiry ON provider_requests (expires_at);

-- Assertions that were accepted: none is accepted twice.
CREATE TABLE accepted_assertions (
    identity_provider_id BLOB NOT NULL REFERENCES identity_providers (id) ON DELETE CASCADE,
    assertion_hash BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (identity_provider_id, assertion_hash)
) STRICT;
CREATE INDEX accepted_assertions_by_expiry ON accepted_assertions (expires_at);

-- Through which identity provider a session began, whose that is, and what the person and the session are called there.
ALTER TABLE sessions ADD COLUMN identity_provider_id BLOB REFERENCES identity_providers (id) ON DELETE CASCADE;
ALTER TABLE sessions ADD COLUMN provider_organization_id BLOB;
ALTER TABLE sessions ADD COLUMN subject TEXT;
ALTER TABLE sessions ADD COLUMN session_index TEXT;
CREATE INDEX sessions_by_provider ON sessions (identity_provider_id, subject);

-- Of the session that made it.
ALTER TABLE tokens ADD COLUMN identity_provider_id BLOB REFERENCES identity_providers (id) ON DELETE CASCADE;
ALTER TABLE tokens ADD COLUMN provider_organization_id BLOB;
CREATE INDEX tokens_by_provider ON tokens (identity_provider_id);
