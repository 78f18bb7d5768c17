-- People, groups, roles and tokens: who belongs where, what they hold, and what they act with.

-- What is sorted, searched or in a key goes by bytes and lowers the letters of ASCII alone, as SQLite does.
ALTER TABLE users ALTER COLUMN name TYPE TEXT COLLATE "C";
ALTER TABLE grants ALTER COLUMN granted TYPE TEXT COLLATE "C";
ALTER TABLE events
    ALTER COLUMN project_name TYPE TEXT COLLATE "C",
    ALTER COLUMN service_name TYPE TEXT COLLATE "C",
    ALTER COLUMN actor TYPE TEXT COLLATE "C",
    ALTER COLUMN text TYPE TEXT COLLATE "C";

-- `kind` tells people from application users, which are no people: they have no password and cannot sign in.
ALTER TABLE users ADD COLUMN kind TEXT COLLATE "C" NOT NULL DEFAULT 'person';
ALTER TABLE users ADD COLUMN description TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN job_title TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN department TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN city TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN country TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN generation BIGINT NOT NULL DEFAULT 0;

ALTER TABLE organizations ADD COLUMN generation BIGINT NOT NULL DEFAULT 0;
ALTER TABLE units ADD COLUMN generation BIGINT NOT NULL DEFAULT 0;

-- Deactivated in one organization only; what the member held comes back with the reactivation.
ALTER TABLE memberships ADD COLUMN is_active BOOLEAN NOT NULL DEFAULT TRUE;

CREATE TABLE groups (
    id UUID NOT NULL PRIMARY KEY,
    organization_id UUID NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    name TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    UNIQUE (organization_id, name)
);

CREATE TABLE group_members (
    group_id UUID NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (group_id, user_id)
);
CREATE INDEX group_members_by_user ON group_members (user_id, group_id);

ALTER TABLE grants ADD COLUMN created_by TEXT COLLATE "C" NOT NULL DEFAULT '';
CREATE UNIQUE INDEX grants_once ON grants (organization_id, principal_id, granted, resource_id);

-- What comes with the acceptance is JSON: it is looked at again, and may be gone, when the invitation is accepted.
CREATE TABLE invitations (
    id UUID NOT NULL PRIMARY KEY,
    organization_id UUID NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    email TEXT COLLATE "C" NOT NULL,
    token_hash BYTEA NOT NULL UNIQUE,
    attached TEXT COLLATE "C" NOT NULL,
    invited_by UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    sent_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    outcome TEXT COLLATE "C",
    ended_at BIGINT
);
CREATE UNIQUE INDEX invitations_open ON invitations (organization_id, email) WHERE ended_at IS NULL;
CREATE INDEX invitations_by_organization ON invitations (organization_id, created_at, id);
CREATE INDEX invitations_by_email ON invitations (email);

-- Mails that are to be sent, were sent, or are kept to be read here because there is no mail server. A body may hold
-- a link that lets its reader in: it is sealed.
CREATE TABLE mails (
    id UUID NOT NULL PRIMARY KEY,
    organization_id UUID REFERENCES organizations (id) ON DELETE CASCADE,
    kind TEXT COLLATE "C" NOT NULL,
    recipient TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    body_sealed BYTEA,
    state TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    wake_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    error TEXT COLLATE "C",
    sent_at BIGINT
);
CREATE INDEX mails_by_wake ON mails (state, wake_at, id);
CREATE INDEX mails_by_organization ON mails (organization_id, created_at, id);
CREATE INDEX mails_by_age ON mails (created_at, id);

-- `organization_id` is that of an application user; a person's tokens act in all of theirs. `scopes` and `ip_ranges`
-- are words with spaces between; none means no limit.
CREATE TABLE tokens (
    id UUID NOT NULL PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    organization_id UUID REFERENCES organizations (id) ON DELETE CASCADE,
    kind TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    prefix TEXT COLLATE "C" NOT NULL,
    token_hash BYTEA NOT NULL UNIQUE,
    scopes TEXT COLLATE "C" NOT NULL,
    ip_ranges TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL,
    max_age_seconds BIGINT,
    extend_when_used BOOLEAN NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT,
    last_address TEXT COLLATE "C",
    last_agent TEXT COLLATE "C",
    replaced_by UUID,
    generation BIGINT NOT NULL
);
CREATE INDEX tokens_by_user ON tokens (user_id, created_at, id);
CREATE INDEX tokens_by_organization ON tokens (organization_id, created_at, id);

CREATE TABLE project_tags (
    project_id UUID NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    key TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (project_id, key)
);

CREATE TABLE project_contacts (
    project_id UUID NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    email TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (project_id, email)
);

-- What an event is about besides organization, project and service: a person, a group, a unit, a token.
ALTER TABLE events ADD COLUMN subject_kind TEXT COLLATE "C";
ALTER TABLE events ADD COLUMN subject_id UUID;
ALTER TABLE events ADD COLUMN subject_name TEXT COLLATE "C";
ALTER TABLE events ADD COLUMN token_id UUID;
CREATE INDEX events_by_subject ON events (subject_id, sequence);
