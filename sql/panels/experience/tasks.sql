-- title: Tasks that are finished
-- section: Journeys and tasks
-- place: 30
-- unit: share
-- plot: bars
-- width: 6
-- bounds: completion
-- think: A task below the target loses people: guidance, or a simpler way, belongs there first.
-- definition: Attempts that were not given up, of all attempts in the range (view `task_completion`), with the 95 % interval of Wilson.
-- freshness: 2 s after the event
-- evidence: 30
SELECT task AS label, hits / n AS value, wilson_low(hits, n) AS low, wilson_high(hits, n) AS high, sum(c.completed) AS hits, sum(c.attempts) AS n
FROM task_completion AS c
WHERE $__dateFilter(day)
GROUP BY task
ORDER BY value
