-- The spine: organizations, people, projects, services with their nodes, workflows, sessions, audit.
-- Instants are microseconds since 1970-01-01T00:00:00Z. The rules for this folder: ../README.md.

CREATE TABLE settings (
    key TEXT NOT NULL PRIMARY KEY,
    value BYTEA NOT NULL
);

CREATE TABLE organizations (
    id UUID NOT NULL PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    wrapped_key BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE users (
    id UUID NOT NULL PRIMARY KEY,
    email TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_activity_at BIGINT,
    is_active BOOLEAN NOT NULL
);

CREATE TABLE memberships (
    organization_id UUID NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    is_super_admin BOOLEAN NOT NULL,
    joined_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, user_id)
);
CREATE INDEX memberships_by_user ON memberships (user_id);

CREATE TABLE units (
    id UUID NOT NULL PRIMARY KEY,
    organization_id UUID NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    name TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (organization_id, name)
);

CREATE TABLE grants (
    id UUID NOT NULL PRIMARY KEY,
    organization_id UUID NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    principal_kind TEXT NOT NULL,
    principal_id UUID NOT NULL,
    granted TEXT NOT NULL,
    resource_kind TEXT NOT NULL,
    resource_id UUID NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT
);
CREATE INDEX grants_by_principal ON grants (principal_id, organization_id);
CREATE INDEX grants_by_organization ON grants (organization_id, created_at, id);
CREATE INDEX grants_by_resource ON grants (resource_id);

CREATE TABLE projects (
    id UUID NOT NULL PRIMARY KEY,
    organization_id UUID NOT NULL REFERENCES organizations (id),
    unit_id UUID REFERENCES units (id),
    name TEXT COLLATE "C" NOT NULL UNIQUE,
    ca_certificate TEXT NOT NULL,
    ca_key_sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    generation BIGINT NOT NULL
);
CREATE INDEX projects_by_organization ON projects (organization_id, name);
CREATE INDEX projects_by_unit ON projects (unit_id);

CREATE TABLE services (
    id UUID NOT NULL PRIMARY KEY,
    project_id UUID NOT NULL REFERENCES projects (id),
    name TEXT COLLATE "C" NOT NULL,
    service_type TEXT NOT NULL,
    plan TEXT COLLATE "C" NOT NULL,
    cloud TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    database_name TEXT NOT NULL,
    username TEXT NOT NULL,
    password_sealed BYTEA NOT NULL,
    host TEXT,
    port BIGINT,
    deletion_requested_at BIGINT,
    deletion_requested_by TEXT,
    ip_filter_generation BIGINT NOT NULL,
    problem TEXT,
    running_at BIGINT,
    UNIQUE (project_id, name)
);

CREATE TABLE nodes (
    id UUID NOT NULL PRIMARY KEY,
    service_id UUID NOT NULL REFERENCES services (id),
    organization_id UUID NOT NULL REFERENCES organizations (id),
    host TEXT NOT NULL,
    zone TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    address TEXT,
    port BIGINT,
    accelerator TEXT,
    seen_at BIGINT,
    report TEXT,
    ip_filter_generation BIGINT,
    starts BIGINT NOT NULL,
    certificate TEXT,
    key_sealed BYTEA
);
CREATE INDEX nodes_by_service ON nodes (service_id, created_at, id);
CREATE INDEX nodes_by_host ON nodes (host);

CREATE TABLE volumes (
    id UUID NOT NULL PRIMARY KEY,
    node_id UUID NOT NULL REFERENCES nodes (id),
    kind TEXT COLLATE "C" NOT NULL,
    size_mib BIGINT NOT NULL,
    luks_uuid TEXT,
    volume_key_fingerprint TEXT,
    unlock_key_fingerprint TEXT,
    report TEXT,
    UNIQUE (node_id, kind)
);

CREATE TABLE ip_filter_entries (
    service_id UUID NOT NULL REFERENCES services (id) ON DELETE CASCADE,
    cidr TEXT COLLATE "C" NOT NULL,
    description TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (service_id, cidr)
);

-- `is_woken` keeps a wake-up that arrives while a worker holds the strand.
CREATE TABLE strands (
    id UUID NOT NULL PRIMARY KEY,
    workflow TEXT NOT NULL,
    step TEXT NOT NULL,
    state TEXT NOT NULL,
    wake_at BIGINT NOT NULL,
    is_woken BOOLEAN NOT NULL,
    leased_until BIGINT,
    lease_token UUID,
    attempts BIGINT NOT NULL,
    error TEXT,
    deadline_at BIGINT,
    alerted_at BIGINT,
    step_started_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    generation BIGINT NOT NULL
);
CREATE INDEX strands_by_wake ON strands (wake_at, id);
CREATE INDEX strands_by_deadline ON strands (deadline_at);

-- No foreign key: the history outlives the strand, since estimates are made from it.
CREATE TABLE step_runs (
    strand_id UUID NOT NULL,
    sequence BIGINT NOT NULL,
    step TEXT NOT NULL,
    run TEXT NOT NULL,
    run_number BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT,
    attempts BIGINT NOT NULL,
    error TEXT,
    next_try_at BIGINT,
    PRIMARY KEY (strand_id, sequence)
);
CREATE INDEX step_runs_by_step ON step_runs (run, step, finished_at);

CREATE TABLE signals (
    strand_id UUID NOT NULL REFERENCES strands (id) ON DELETE CASCADE,
    signal TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (strand_id, signal)
);

CREATE TABLE alerts (
    id UUID NOT NULL PRIMARY KEY,
    strand_id UUID NOT NULL,
    text TEXT NOT NULL,
    raised_at BIGINT NOT NULL
);
CREATE INDEX alerts_by_strand ON alerts (strand_id);

-- No foreign keys: events outlive what they tell of. `chain_id` is the organization, or all zeros for events of
-- the installation itself.
CREATE TABLE events (
    id UUID NOT NULL PRIMARY KEY,
    chain_id UUID NOT NULL,
    sequence BIGINT NOT NULL,
    organization_id UUID,
    project_id UUID,
    service_id UUID,
    project_name TEXT,
    service_name TEXT,
    event_type TEXT NOT NULL,
    outcome TEXT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    user_id UUID,
    session_id TEXT,
    credential TEXT,
    address TEXT,
    agent TEXT,
    request_id UUID NOT NULL,
    action TEXT NOT NULL,
    text TEXT NOT NULL,
    before TEXT,
    after TEXT,
    previous_hash BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    UNIQUE (chain_id, sequence)
);
CREATE INDEX events_by_project ON events (project_id, sequence);

CREATE TABLE sessions (
    key_hash BYTEA NOT NULL PRIMARY KEY,
    user_id UUID REFERENCES users (id) ON DELETE CASCADE,
    data BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    address TEXT,
    agent TEXT
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE set_up_links (
    token_hash BYTEA NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE TABLE sign_in_attempts (
    key TEXT NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    locked_until BIGINT
);
CREATE INDEX sign_in_attempts_by_last ON sign_in_attempts (last_at);

-- No foreign keys: the proof outlives the service and its project.
CREATE TABLE destruction_certificates (
    id UUID NOT NULL PRIMARY KEY,
    organization_id UUID NOT NULL,
    project_id UUID NOT NULL,
    service_id UUID NOT NULL UNIQUE,
    service_name TEXT NOT NULL,
    destroyed_at BIGINT NOT NULL,
    body TEXT NOT NULL,
    public_key TEXT NOT NULL,
    signature TEXT NOT NULL
);
CREATE INDEX destruction_certificates_by_project ON destruction_certificates (project_id, destroyed_at, id);
