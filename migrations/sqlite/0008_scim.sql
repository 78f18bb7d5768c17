-- What identity providers push here by SCIM: with which tokens, and which people and groups they keep.

-- An identity provider has a row as long as SCIM is switched on for it.
CREATE TABLE scim_providers (
    identity_provider_id BLOB NOT NULL PRIMARY KEY REFERENCES identity_providers (id) ON DELETE CASCADE,
    switched_on_at INTEGER NOT NULL
) STRICT;

CREATE TABLE scim_tokens (
    id BLOB NOT NULL PRIMARY KEY,
    identity_provider_id BLOB NOT NULL REFERENCES scim_providers (identity_provider_id) ON DELETE CASCADE,
    token_hash BLOB NOT NULL UNIQUE,
    prefix TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    last_used_at INTEGER
) STRICT;
CREATE INDEX scim_tokens_by_provider ON scim_tokens (identity_provider_id, created_at, id);

-- `attributes` is JSON of what the identity provider says of the person, and `is_active` whether it lets them in. Who is no member
-- any more is nobody's of SCIM.
CREATE TABLE scim_users (
    identity_provider_id BLOB NOT NULL REFERENCES scim_providers (identity_provider_id) ON DELETE CASCADE,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    organization_id BLOB NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_name TEXT NOT NULL,
    external_id TEXT,
    attributes TEXT NOT NULL,
    is_active INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    PRIMARY KEY (identity_provider_id, user_id),
    UNIQUE (identity_provider_id, user_name),
    UNIQUE (organization_id, user_id)
) STRICT;
CREATE INDEX scim_users_by_user ON scim_users (user_id);
CREATE INDEX scim_users_by_external_id ON scim_users (identity_provider_id, external_id);

CREATE TABLE scim_groups (
    group_id BLOB NOT NULL PRIMARY KEY REFERENCES groups (id) ON DELETE CASCADE,
    identity_provider_id BLOB NOT NULL REFERENCES scim_providers (identity_provider_id) ON DELETE CASCADE,
    external_id TEXT,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    generation INTEGER NOT NULL
) STRICT;
CREATE INDEX scim_groups_by_provider ON scim_groups (identity_provider_id, group_id);
CREATE INDEX scim_groups_by_external_id ON scim_groups (identity_provider_id, external_id);
