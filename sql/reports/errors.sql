-- title: What users ask for fails
-- place: 20
-- unit: share
-- bounds: application_errors.allowed
-- evidence: 1000
-- definition: Errors of all events with an outcome but database queries and probes (the promise `application_errors`), with the interval of Wilson.
SELECT hits / nullIf(n, 0) AS value, wilson_low(hits, n) AS low, wilson_high(hits, n) AS high, toUInt64(sum(bad)) AS hits, sum(total) AS n
FROM {{promises operations_hourly only application_errors}}
WHERE at < $__toTime
