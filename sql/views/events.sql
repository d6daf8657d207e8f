-- The archive: every counted and late event once, for 30 days after it was stored. A fingerprint (see `db_queries`) has only
-- what is a `db.query`.
CREATE OR REPLACE VIEW events AS
SELECT
    time, received_at, event, message_id, user_id, anonymous_id, session_id, tenant_id,
    source, service, release, environment, duration_ms, outcome, properties, fingerprint, late, partition, offset
FROM events_rows FINAL;
