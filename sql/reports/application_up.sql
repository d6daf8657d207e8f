-- title: Application up
-- place: 30
-- unit: share
-- bounds: application_up.objective
-- evidence: 1000
-- definition: Minutes up of the minutes that were probed (view `availability_minutes`), with the interval of Wilson, which takes minutes for independent.
SELECT hits / nullIf(n, 0) AS value, wilson_low(hits, n) AS low, wilson_high(hits, n) AS high, countIf(state = 'up') AS hits, countIf(state != 'unknown') AS n
FROM availability_minutes
WHERE target = 'application' AND minute >= $__fromTime AND minute < $__toTime
