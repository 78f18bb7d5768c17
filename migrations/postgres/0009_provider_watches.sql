-- When each identity provider is looked at again by itself: whether its metadata says something new, and whether its certificates end.

-- `told_end` is the end of certificates that people were told of last, `told_days` how many days before it that was. A provider
-- without a row was not looked at yet.
CREATE TABLE provider_watches (
    identity_provider_id UUID NOT NULL PRIMARY KEY REFERENCES identity_providers (id) ON DELETE CASCADE,
    next_look_at BIGINT NOT NULL,
    metadata_read_at BIGINT,
    metadata_failing_since BIGINT,
    metadata_failure TEXT COLLATE "C",
    metadata_notices BIGINT NOT NULL,
    told_end BIGINT,
    told_days BIGINT
);
CREATE INDEX provider_watches_by_next_look ON provider_watches (next_look_at);
