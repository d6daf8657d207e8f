-- title: Database up
-- place: 40
-- unit: share
-- bounds: database_up.objective
-- evidence: 1000
-- definition: Minutes up of the minutes that were probed (view `availability_minutes`), with the interval of Wilson, which takes minutes for independent.
SELECT hits / nullIf(n, 0) AS value, wilson_low(hits, n) AS low, wilson_high(hits, n) AS high, countIf(state = 'up') AS hits, countIf(state != 'unknown') AS n
FROM availability_minutes
WHERE target = 'database' AND minute >= $__fromTime AND minute < $__toTime
