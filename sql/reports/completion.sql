-- title: Tasks that are finished
-- place: 70
-- unit: share
-- bounds: completion
-- evidence: 100
-- definition: Attempts at a task that were not given up (view `task_completion`), with the interval of Wilson.
SELECT hits / nullIf(n, 0) AS value, wilson_low(hits, n) AS low, wilson_high(hits, n) AS high, sum(c.completed) AS hits, sum(c.attempts) AS n
FROM task_completion AS c
WHERE day >= toDate($__fromTime) AND day < toDate($__toTime)
