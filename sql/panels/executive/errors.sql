-- title: What users ask for fails
-- section: How well it runs
-- place: 20
-- unit: share
-- plot: figure
-- width: 3
-- bounds: application_errors.allowed
-- think: Above the target users lose work or trust; the operations page says what fails.
-- definition: Errors of all events with an outcome but database queries and probes (the promise `application_errors`), by day, with the 95 % interval of Wilson.
-- freshness: 15 s after the event
-- evidence: 50
SELECT toDate(at) AS t, hits / n AS value, wilson_low(hits, n) AS low, wilson_high(hits, n) AS high, toUInt64(sum(bad)) AS hits, sum(total) AS n
FROM {{promises operations_hourly only application_errors}}
WHERE 1 = 1
AND $__conditionalAll(service IN (${service:singlequote}), $service)
AND $__conditionalAll(environment IN (${environment:singlequote}), $environment)
AND $__conditionalAll(release IN (${release:singlequote}), $release)
GROUP BY t
HAVING n > 0
ORDER BY t
