-- Mails of one kind keep none of another from being sent, so each kind is counted for itself. What was counted until now is
-- of the last two hours at most, and is let go.
DROP TABLE mail_tallies;
CREATE TABLE mail_tallies (
    recipient TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    hour BIGINT NOT NULL,
    mails BIGINT NOT NULL,
    PRIMARY KEY (recipient, kind, hour)
);
CREATE INDEX mail_tallies_by_hour ON mail_tallies (hour);

-- What became of the last mail to an address, and all to it.
CREATE INDEX mails_by_recipient ON mails (organization_id, recipient, created_at, id);
