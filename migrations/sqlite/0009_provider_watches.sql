-- When each identity provider is looked at again by itself: whether its metadata says something new, and whether its certificates end.

-- `told_end` is the end of certificates that people were told of last, `told_days` how many days before it that was. A provider
-- without a row was not looked at yet.
CREATE TABLE provider_watches (
    identity_provider_id BLOB NOT NULL PRIMARY KEY REFERENCES identity_providers (id) ON DELETE CASCADE,
    next_look_at INTEGER NOT NULL,
    metadata_read_at INTEGER,
    metadata_failing_since INTEGER,
    metadata_failure TEXT,
    metadata_notices INTEGER NOT NULL,
    told_end INTEGER,
    told_days INTEGER
) STRICT;
CREATE INDEX provider_watches_by_next_look ON provider_watches (next_look_at);
