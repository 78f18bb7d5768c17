-- People, groups, roles and tokens: who belongs where, what they hold, and what they act with.

-- `kind` tells people from application users, which are no people: they have no password and cannot sign in.
ALTER TABLE users ADD COLUMN kind TEXT NOT NULL DEFAULT 'person';
ALTER TABLE users ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN job_title TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN department TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN city TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN country TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;

ALTER TABLE organizations ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
ALTER TABLE units ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;

-- Deactivated in one organization only; what the member held comes back with the reactivation.
ALTER TABLE memberships ADD COLUMN is_active INTEGER NOT NULL DEFAULT 1;

CREATE TABLE groups (
    id BLOB NOT NULL PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    UNIQUE (organization_id, name)
) STRICT;

CREATE TABLE group_members (
    group_id BLOB NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    added_at INTEGER NOT NULL,
    PRIMARY KEY (group_id, user_id)
) STRICT;
CREATE INDEX group_members_by_user ON group_members (user_id, group_id);

ALTER TABLE grants ADD COLUMN created_by TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX grants_once ON grants (organization_id, principal_id, granted, resource_id);

-- What comes with the acceptance is JSON: it is looked at again, and may be gone, when the invitation is accepted.
CREATE TABLE invitations (
    id BLOB NOT NULL PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    email TEXT NOT NULL,
    token_hash BLOB NOT NULL UNIQUE,
    attached TEXT NOT NULL,
    invited_by BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    sent_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    outcome TEXT,
    ended_at INTEGER
) STRICT;
CREATE UNIQUE INDEX invitations_open ON invitations (organization_id, email) WHERE ended_at IS NULL;
CREATE INDEX invitations_by_organization ON invitations (organization_id, created_at, id);
CREATE INDEX invitations_by_email ON invitations (email);

-- Mails that are to be sent, were sent, or are kept to be read here because there is no mail server. A body may hold
-- a link that lets its reader in: it is sealed.
CREATE TABLE mails (
    id BLOB NOT NULL PRIMARY KEY,
    organization_id BLOB REFERENCES organizations (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    body_sealed BLOB,
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    wake_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    error TEXT,
    sent_at INTEGER
) STRICT;
CREATE INDEX mails_by_wake ON mails (state, wake_at, id);
CREATE INDEX mails_by_organization ON mails (organization_id, created_at, id);
CREATE INDEX mails_by_age ON mails (created_at, id);

-- `organization_id` is that of an application user; a person's tokens act in all of theirs. `scopes` and `ip_ranges`
-- are words with spaces between; none means no limit.
CREATE TABLE tokens (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    organization_id BLOB REFERENCES organizations (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    description TEXT NOT NULL,
    prefix TEXT NOT NULL,
    token_hash BLOB NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    ip_ranges TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    max_age_seconds INTEGER,
    extend_when_used INTEGER NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER,
    last_address TEXT,
    last_agent TEXT,
    replaced_by BLOB,
    generation INTEGER NOT NULL
) STRICT;
CREATE INDEX tokens_by_user ON tokens (user_id, created_at, id);
CREATE INDEX tokens_by_organization ON tokens (organization_id, created_at, id);

CREATE TABLE project_tags (
    project_id BLOB NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (project_id, key)
) STRICT;

CREATE TABLE project_contacts (
    project_id BLOB NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    email TEXT NOT NULL,
    PRIMARY KEY (project_id, email)
) STRICT;

-- What an event is about besides organization, project and service: a person, a group, a unit, a token.
ALTER TABLE events ADD COLUMN subject_kind TEXT;
ALTER TABLE events ADD COLUMN subject_id BLOB;
ALTER TABLE events ADD COLUMN subject_name TEXT;
ALTER TABLE events ADD COLUMN token_id BLOB;
CREATE INDEX events_by_subject ON events (subject_id, sequence);
