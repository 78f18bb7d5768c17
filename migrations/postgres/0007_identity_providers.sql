-- Identity providers of organizations, who comes through them, and sign-ins that are under way at one.

-- `settings` is JSON of the protocol's settings. `last_test` is JSON of what the last test found; `passed_at` when one last passed
-- with the settings of that time: whoever changes what a sign-in depends on clears it.
CREATE TABLE identity_providers (
    id UUID NOT NULL PRIMARY KEY,
    organization_id UUID NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    name TEXT COLLATE "C" NOT NULL,
    protocol TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    settings TEXT COLLATE "C" NOT NULL,
    secret_sealed BYTEA,
    last_test TEXT COLLATE "C",
    tested_at BIGINT,
    passed_at BIGINT,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    UNIQUE (organization_id, name)
);

-- Our keys towards one of them: the one that was made last is the one in use, unless it is not given out yet.
CREATE TABLE identity_provider_keys (
    id UUID NOT NULL PRIMARY KEY,
    identity_provider_id UUID NOT NULL REFERENCES identity_providers (id) ON DELETE CASCADE,
    private_sealed BYTEA NOT NULL,
    certificate BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    used_from BIGINT
);
CREATE INDEX identity_provider_keys_by_provider ON identity_provider_keys (identity_provider_id, created_at, id);

CREATE TABLE identity_provider_domains (
    identity_provider_id UUID NOT NULL REFERENCES identity_providers (id) ON DELETE CASCADE,
    domain_id UUID NOT NULL REFERENCES domains (id) ON DELETE CASCADE,
    PRIMARY KEY (identity_provider_id, domain_id)
);
CREATE INDEX identity_provider_domains_by_domain ON identity_provider_domains (domain_id);

-- Who somebody is at an identity provider. `subject` is what tells people apart there.
CREATE TABLE identities (
    identity_provider_id UUID NOT NULL REFERENCES identity_providers (id) ON DELETE CASCADE,
    subject TEXT COLLATE "C" NOT NULL,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    PRIMARY KEY (identity_provider_id, subject)
);
CREATE INDEX identities_by_user ON identities (user_id);

-- Requests that browsers were sent with. The answer comes by another site's form, which brings no cookie of ours: it waits here,
-- sealed, for the browser that asked.
CREATE TABLE provider_requests (
    request_hash BYTEA NOT NULL PRIMARY KEY,
    identity_provider_id UUID NOT NULL REFERENCES identity_providers (id) ON DELETE CASCADE,
    is_test BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    answered_at BIGINT,
    answer_sealed BYTEA
);
CREATE INDEX provider_requests_by_expiry ON provider_requests (expires_at);

-- Assertions that were accepted: none is accepted twice.
CREATE TABLE accepted_assertions (
    identity_provider_id UUID NOT NULL REFERENCES identity_providers (id) ON DELETE CASCADE,
    assertion_hash BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (identity_provider_id, assertion_hash)
);
CREATE INDEX accepted_assertions_by_expiry ON accepted_assertions (expires_at);

-- Through which identity provider a session began, whose that is, and what the person and the session are called there.
ALTER TABLE sessions ADD COLUMN identity_provider_id UUID REFERENCES identity_providers (id) ON DELETE CASCADE;
ALTER TABLE sessions ADD COLUMN provider_organization_id UUID;
ALTER TABLE sessions ADD COLUMN subject TEXT COLLATE "C";
ALTER TABLE sessions ADD COLUMN session_index TEXT COLLATE "C";
CREATE INDEX sessions_by_provider ON sessions (identity_provider_id, subject);

-- Of the session that made it.
ALTER TABLE tokens ADD COLUMN identity_provider_id UUID REFERENCES identity_providers (id) ON DELETE CASCADE;
ALTER TABLE tokens ADD COLUMN provider_organization_id UUID;
CREATE INDEX tokens_by_provider ON tokens (identity_provider_id);
