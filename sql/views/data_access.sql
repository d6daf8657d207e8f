-- Who read or changed what, about whom, and why: the audit trail, one row an access.
--
-- `actor` is the user, or the device where the user is not known ('' where neither is); `subject` the person that the data is about.
-- Both are pseudonyms. `reason` is what the application states; '' says that it stated none.
CREATE OR REPLACE VIEW data_access AS
SELECT
    time,
    unit AS actor,
    action,
    object_type,
    object_id,
    subject_id AS subject,
    reason,
    outcome,
    service,
    environment,
    tenant_id,
    session_id,
    received_at,
    late,
    partition,
    offset
FROM data_access_rows FINAL;
