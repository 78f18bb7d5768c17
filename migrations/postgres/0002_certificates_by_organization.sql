-- Certificates of destruction are listed for an organization too: they outlive the project that they were made in.

CREATE INDEX destruction_certificates_by_organization
    ON destruction_certificates (organization_id, destroyed_at, id);
