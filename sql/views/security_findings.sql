-- What security scanners found, how bad it is and how long it has been open: one row a finding and environment.
--
-- Severity, scanner and status are those of the latest report. A finding is open unless its status is one of fixed, resolved, closed,
-- dismissed, accepted, false_positive, ignored or wont_fix (in any spelling of case, spaces, dashes and apostrophes). It counts as
-- open since it was first found (`found_at` of its reports, or else the time of the first report), also where it was closed in between.
-- `age_days` are whole days from then until now, or until `closed_at` (the first report of the status that closed it for good).
CREATE OR REPLACE VIEW security_findings AS
WITH
    reports AS
    (
        SELECT *,
               replaceRegexpAll(replaceRegexpAll(lower(status), '[''’]', ''), '[ -]', '_') IN
                   ('fixed', 'resolved', 'closed', 'dismissed', 'accepted', 'false_positive', 'ignored', 'wont_fix') AS closes
        FROM security_findings_rows FINAL
    ),
    findings AS
    (
        SELECT
            r.finding_id AS finding_id,
            r.environment AS environment,
            argMax(r.scanner, (r.time, r.partition, r.offset)) AS scanner,
            argMax(r.severity, (r.time, r.partition, r.offset)) AS severity,
            argMax(r.status, (r.time, r.partition, r.offset)) AS status,
            NOT argMax(r.closes, (r.time, r.partition, r.offset)) AS is_open,
            least(min(r.time), ifNull(fromUnixTimestamp64Milli(toInt64(min(r.found_at)), 'UTC'), min(r.time))) AS open_since,
            maxIf(r.time, NOT r.closes) AS last_open,
            arraySort(groupArrayIf(r.time, r.closes)) AS closings,
            max(r.time) AS last_reported,
            count() AS reports
        FROM reports AS r
        GROUP BY finding_id, environment
    )
SELECT
    finding_id,
    environment,
    scanner,
    severity,
    status,
    is_open,
    open_since,
    if(is_open, NULL, arrayFirst(t -> t >= last_open, closings)) AS closed_at,
    age('day', open_since, ifNull(closed_at, now64(3, 'UTC'))) AS age_days,
    multiIf(age_days < 7, 'under 7 days', age_days < 30, '7 to 29 days', age_days < 90, '30 to 89 days', '90 days and more')
        AS age_band,
    last_reported,
    reports
FROM findings;
