-- The spine: organizations, people, projects, services with their nodes, workflows, sessions, audit.
-- Instants are microseconds since 1970-01-01T00:00:00Z. The rules for this folder: ../README.md.

CREATE TABLE settings (
    key TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;

CREATE TABLE organizations (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    wrapped_key BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
    id BLOB NOT NULL PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_activity_at INTEGER,
    is_active INTEGER NOT NULL
) STRICT;

CREATE TABLE memberships (
    organization_id BLOB NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    is_super_admin INTEGER NOT NULL,
    joined_at INTEGER NOT NULL,
    PRIMARY KEY (organization_id, user_id)
) STRICT;
CREATE INDEX memberships_by_user ON memberships (user_id);

CREATE TABLE units (
    id BLOB NOT NULL PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (organization_id, name)
) STRICT;

CREATE TABLE grants (
    id BLOB NOT NULL PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    principal_kind TEXT NOT NULL,
    principal_id BLOB NOT NULL,
    granted TEXT NOT NULL,
    resource_kind TEXT NOT NULL,
    resource_id BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER
) STRICT;
CREATE INDEX grants_by_principal ON grants (principal_id, organization_id);
CREATE INDEX grants_by_organization ON grants (organization_id, created_at, id);
CREATE INDEX grants_by_resource ON grants (resource_id);

CREATE TABLE projects (
    id BLOB NOT NULL PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    unit_id BLOB REFERENCES units (id),
    name TEXT NOT NULL UNIQUE,
    ca_certificate TEXT NOT NULL,
    ca_key_sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    generation INTEGER NOT NULL
) STRICT;
CREATE INDEX projects_by_organization ON projects (organization_id, name);
CREATE INDEX projects_by_unit ON projects (unit_id);

CREATE TABLE services (
    id BLOB NOT NULL PRIMARY KEY,
    project_id BLOB NOT NULL REFERENCES projects (id),
    name TEXT NOT NULL,
    service_type TEXT NOT NULL,
    plan TEXT NOT NULL,
    cloud TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    database_name TEXT NOT NULL,
    username TEXT NOT NULL,
    password_sealed BLOB NOT NULL,
    host TEXT,
    port INTEGER,
    deletion_requested_at INTEGER,
    deletion_requested_by TEXT,
    ip_filter_generation INTEGER NOT NULL,
    problem TEXT,
    running_at INTEGER,
    UNIQUE (project_id, name)
) STRICT;

CREATE TABLE nodes (
    id BLOB NOT NULL PRIMARY KEY,
    service_id BLOB NOT NULL REFERENCES services (id),
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    host TEXT NOT NULL,
    zone TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    address TEXT,
    port INTEGER,
    accelerator TEXT,
    seen_at INTEGER,
    report TEXT,
    ip_filter_generation INTEGER,
    starts INTEGER NOT NULL,
    certificate TEXT,
    key_sealed BLOB
) STRICT;
CREATE INDEX nodes_by_service ON nodes (service_id, created_at, id);
CREATE INDEX nodes_by_host ON nodes (host);

CREATE TABLE volumes (
    id BLOB NOT NULL PRIMARY KEY,
    node_id BLOB NOT NULL REFERENCES nodes (id),
    kind TEXT NOT NULL,
    size_mib INTEGER NOT NULL,
    luks_uuid TEXT,
    volume_key_fingerprint TEXT,
    unlock_key_fingerprint TEXT,
    report TEXT,
    UNIQUE (node_id, kind)
) STRICT;

CREATE TABLE ip_filter_entries (
    service_id BLOB NOT NULL REFERENCES services (id) ON DELETE CASCADE,
    cidr TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (service_id, cidr)
) STRICT;

-- `is_woken` keeps a wake-up that arrives while a worker holds the strand.
CREATE TABLE strands (
    id BLOB NOT NULL PRIMARY KEY,
    workflow TEXT NOT NULL,
    step TEXT NOT NULL,
    state TEXT NOT NULL,
    wake_at INTEGER NOT NULL,
    is_woken INTEGER NOT NULL,
    leased_until INTEGER,
    lease_token BLOB,
    attempts INTEGER NOT NULL,
    error TEXT,
    deadline_at INTEGER,
    alerted_at INTEGER,
    step_started_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    generation INTEGER NOT NULL
) STRICT;
CREATE INDEX strands_by_wake ON strands (wake_at, id);
CREATE INDEX strands_by_deadline ON strands (deadline_at);

-- No foreign key: the history outlives the strand, since estimates are made from it.
CREATE TABLE step_runs (
    strand_id BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    step TEXT NOT NULL,
    run TEXT NOT NULL,
    run_number INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    attempts INTEGER NOT NULL,
    error TEXT,
    next_try_at INTEGER,
    PRIMARY KEY (strand_id, sequence)
) STRICT;
CREATE INDEX step_runs_by_step ON step_runs (run, step, finished_at);

CREATE TABLE signals (
    strand_id BLOB NOT NULL REFERENCES strands (id) ON DELETE CASCADE,
    signal TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (strand_id, signal)
) STRICT;

CREATE TABLE alerts (
    id BLOB NOT NULL PRIMARY KEY,
    strand_id BLOB NOT NULL,
    text TEXT NOT NULL,
    raised_at INTEGER NOT NULL
) STRICT;
CREATE INDEX alerts_by_strand ON alerts (strand_id);

-- No foreign keys: events outlive what they tell of. `chain_id` is the organization, or all zeros for events of
-- the installation itself.
CREATE TABLE events (
    id BLOB NOT NULL PRIMARY KEY,
    chain_id BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    organization_id BLOB,
    project_id BLOB,
    service_id BLOB,
    project_name TEXT,
    service_name TEXT,
    event_type TEXT NOT NULL,
    outcome TEXT NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    user_id BLOB,
    session_id TEXT,
    credential TEXT,
    address TEXT,
    agent TEXT,
    request_id BLOB NOT NULL,
    action TEXT NOT NULL,
    text TEXT NOT NULL,
    before TEXT,
    after TEXT,
    previous_hash BLOB NOT NULL,
    hash BLOB NOT NULL,
    UNIQUE (chain_id, sequence)
) STRICT;
CREATE INDEX events_by_project ON events (project_id, sequence);

CREATE TABLE sessions (
    key_hash BLOB NOT NULL PRIMARY KEY,
    user_id BLOB REFERENCES users (id) ON DELETE CASCADE,
    data BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    address TEXT,
    agent TEXT
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE set_up_links (
    token_hash BLOB NOT NULL PRIMARY KEY,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT;

CREATE TABLE sign_in_attempts (
    key TEXT NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    locked_until INTEGER
) STRICT;
CREATE INDEX sign_in_attempts_by_last ON sign_in_attempts (last_at);

-- No foreign keys: the proof outlives the service and its project.
CREATE TABLE destruction_certificates (
    id BLOB NOT NULL PRIMARY KEY,
    organization_id BLOB NOT NULL,
    project_id BLOB NOT NULL,
    service_id BLOB NOT NULL UNIQUE,
    service_name TEXT NOT NULL,
    destroyed_at INTEGER NOT NULL,
    body TEXT NOT NULL,
    public_key TEXT NOT NULL,
    signature TEXT NOT NULL
) STRICT;
CREATE INDEX destruction_certificates_by_project ON destruction_certificates (project_id, destroyed_at, id);
