-- Signing in: second factors, what a session was begun with, ceremonies that are under way, lost passwords and lost factors,
-- and each organization's authentication policy.

ALTER TABLE users ADD COLUMN password_changed_at INTEGER;

-- A TOTP seed is sealed. `credential` is what a security key or passkey gave out at its registration, which is no secret, with
-- its counter, as JSON of the WebAuthn library. `last_step` is the last TOTP step that was taken: none is taken twice.
CREATE TABLE factors (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    secret_sealed BLOB,
    last_step INTEGER,
    credential_id BLOB UNIQUE,
    credential TEXT,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER
) STRICT;
CREATE INDEX factors_by_user ON factors (user_id, created_at, id);

CREATE TABLE recovery_codes (
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    code_hash BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    used_at INTEGER,
    PRIMARY KEY (user_id, code_hash)
) STRICT;

-- What one request begins and another one of the same browser ends: a second factor after a password, a challenge for a
-- passkey. The id itself is in a cookie; each row is taken once.
CREATE TABLE ceremonies (
    id_hash BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    user_id BLOB REFERENCES users (id) ON DELETE CASCADE,
    state_sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX ceremonies_by_user ON ceremonies (user_id);
CREATE INDEX ceremonies_by_expiry ON ceremonies (expires_at);

CREATE TABLE password_resets (
    token_hash BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX password_resets_by_user ON password_resets (user_id);
CREATE INDEX password_resets_by_expiry ON password_resets (expires_at);

-- Somebody who lost every factor is to lose them by an admin's word, once `due_at` is past and nobody has objected.
CREATE TABLE factor_resets (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    organization_id BLOB NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    asked_by BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    reason TEXT NOT NULL,
    token_hash BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    outcome TEXT,
    ended_at INTEGER
) STRICT;
CREATE UNIQUE INDEX factor_resets_open ON factor_resets (user_id) WHERE ended_at IS NULL;
CREATE INDEX factor_resets_by_due ON factor_resets (due_at) WHERE ended_at IS NULL;

-- How and when a session's person last proved who they are.
ALTER TABLE sessions ADD COLUMN method TEXT;
ALTER TABLE sessions ADD COLUMN second_factor TEXT;
ALTER TABLE sessions ADD COLUMN proven_at INTEGER;

-- Of the session that made it.
ALTER TABLE tokens ADD COLUMN method TEXT;
ALTER TABLE tokens ADD COLUMN second_factor TEXT;
CREATE INDEX tokens_by_expiry ON tokens (expires_at);

-- Since when they are exempt from "identity provider required", never from the second factor.
ALTER TABLE memberships ADD COLUMN break_glass_since INTEGER;

-- Organizations without a row have the policy that everybody begins with. `policy` is JSON.
CREATE TABLE authentication_policies (
    organization_id BLOB NOT NULL PRIMARY KEY REFERENCES organizations (id) ON DELETE CASCADE,
    policy TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    generation INTEGER NOT NULL
) STRICT;

-- How many mails an address got in an hour; no organization's, so that none sheds its own by being deleted.
CREATE TABLE mail_tallies (
    recipient TEXT NOT NULL,
    hour INTEGER NOT NULL,
    mails INTEGER NOT NULL,
    PRIMARY KEY (recipient, hour)
) STRICT;
CREATE INDEX mail_tallies_by_hour ON mail_tallies (hour);

-- Which organization is the operators' was kept from some release on; before it, it was the oldest one.
INSERT INTO settings (key, value)
SELECT 'operators_organization', id FROM organizations WHERE TRUE ORDER BY created_at, id LIMIT 1
ON CONFLICT (key) DO NOTHING;
