-- What identity providers push here by SCIM: with which tokens, and which people and groups they keep.

-- An identity provider has a row as long as SCIM is switched on for it.
CREATE TABLE scim_providers (
    identity_provider_id UUID NOT NULL PRIMARY KEY REFERENCES identity_providers (id) ON DELETE CASCADE,
    switched_on_at BIGINT NOT NULL
);

CREATE TABLE scim_tokens (
    id UUID NOT NULL PRIMARY KEY,
    identity_provider_id UUID NOT NULL REFERENCES scim_providers (identity_provider_id) ON DELETE CASCADE,
    token_hash BYTEA NOT NULL UNIQUE,
    prefix TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX scim_tokens_by_provider ON scim_tokens (identity_provider_id, created_at, id);

-- `attributes` is JSON of what the identity provider says of the person, and `is_active` whether it lets them in. Who is no member
-- any more is nobody's of SCIM.
CREATE TABLE scim_users (
    identity_provider_id UUID NOT NULL REFERENCES scim_providers (identity_provider_id) ON DELETE CASCADE,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    organization_id UUID NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_name TEXT COLLATE "C" NOT NULL,
    external_id TEXT COLLATE "C",
    attributes TEXT COLLATE "C" NOT NULL,
    is_active BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    PRIMARY KEY (identity_provider_id, user_id),
    UNIQUE (identity_provider_id, user_name),
    UNIQUE (organization_id, user_id)
);
CREATE INDEX scim_users_by_user ON scim_users (user_id);
CREATE INDEX scim_users_by_external_id ON scim_users (identity_provider_id, external_id);

CREATE TABLE scim_groups (
    group_id UUID NOT NULL PRIMARY KEY REFERENCES groups (id) ON DELETE CASCADE,
    identity_provider_id UUID NOT NULL REFERENCES scim_providers (identity_provider_id) ON DELETE CASCADE,
    external_id TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    generation BIGINT NOT NULL
);
CREATE INDEX scim_groups_by_provider ON scim_groups (identity_provider_id, group_id);
CREATE INDEX scim_groups_by_external_id ON scim_groups (identity_provider_id, external_id);
