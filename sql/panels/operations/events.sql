-- title: Events behind it: failed first, then the slowest
-- section: Now
-- place: 40
-- unit: ms
-- plot: table
-- width: 12
-- hidden: n
-- think: Choose an operation above (or the filter): what its failures have in common, a release or a message, is where to look.
-- definition: Events of the archive (view `events`) with an outcome or a duration, of the last 15 minutes of the range; with their ids, to find them in
--     the application's own log.
-- freshness: 2 s after the event
-- evidence: 1
SELECT
    time AS at,
    event,
    service,
    release,
    environment,
    outcome,
    duration_ms,
    message_id,
    substring(properties, 1, 200) AS example,
    1 AS n
FROM events
WHERE time >= greatest($__fromTime, $__toTime - INTERVAL 15 MINUTE) AND time <= $__toTime AND (outcome != '' OR duration_ms IS NOT NULL)
AND $__conditionalAll(event IN (${event:singlequote}), $event)
AND $__conditionalAll(service IN (${service:singlequote}), $service)
AND $__conditionalAll(environment IN (${environment:singlequote}), $environment)
AND $__conditionalAll(release IN (${release:singlequote}), $release)
ORDER BY outcome = 'error' DESC, duration_ms DESC
LIMIT 12
