-- What users say, one row each: scores (`nps`, 0 to 10), ratings of a feature (`rating`, 1 to 5), bug reports, wishes for features,
-- comments. `unit` is the user, or the device where the user is not known. Texts may hold personal data.
CREATE OR REPLACE VIEW feedback AS
SELECT
    time, received_at, unit, session_id, tenant_id, environment, release, kind, score, feature, area, text,
    late, partition, offset
FROM feedback_rows FINAL;
