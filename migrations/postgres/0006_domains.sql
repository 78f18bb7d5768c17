-- Domains that organizations list and prove to hold, and whose people are whose.

-- What follows the @ of a person's address, in ASCII and lower case: whoever verified that domain manages them. Null until it
-- was worked out, which the program does for addresses with other letters; empty for application users.
ALTER TABLE users ADD COLUMN email_domain TEXT COLLATE "C";
UPDATE users SET email_domain = CASE WHEN kind = 'person' THEN split_part(email, '@', 2) ELSE '' END
    WHERE email !~ '[^ -~]';
CREATE INDEX users_by_email_domain ON users (email_domain, email);

-- Several organizations may list a domain; the first that proves to hold it has it. `state_since` is when it came into its state
-- or was listed anew, `told_until` the address of whoever of its people was told last that they are managed now, `notices` how
-- many were sent of its proof being gone.
CREATE TABLE domains (
    id UUID NOT NULL PRIMARY KEY,
    organization_id UUID NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    name TEXT COLLATE "C" NOT NULL,
    verification TEXT NOT NULL,
    challenge_token TEXT NOT NULL,
    state TEXT NOT NULL,
    state_since BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    verified_at BIGINT,
    checked_at BIGINT,
    next_check_at BIGINT,
    failing_since BIGINT,
    last_failure TEXT,
    notices BIGINT NOT NULL,
    told_until TEXT COLLATE "C",
    UNIQUE (organization_id, name)
);
CREATE UNIQUE INDEX domains_verified ON domains (name) WHERE state = 'verified';
CREATE INDEX domains_by_next_check ON domains (next_check_at, id);
CREATE INDEX domains_by_told_until ON domains (told_until);
