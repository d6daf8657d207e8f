-- title: Tasks that are finished
-- section: Who uses it
-- place: 40
-- unit: share
-- plot: figure
-- width: 3
-- bounds: completion
-- think: What is missing to 100 % are people who gave up; the user experience page says at which task.
-- definition: Attempts at a task that were not given up, by day and over all tasks (view `task_completion`), with the 95 % interval of Wilson. Figure: the seven days that end with the day.
-- freshness: 2 s after the event
-- evidence: 30
SELECT t, value, low, high, hits, n FROM
(
    SELECT
        day AS t,
        sum(sum(task_completion.completed)) OVER last_week AS hits,
        sum(sum(task_completion.attempts)) OVER last_week AS n,
        hits / n AS value,
        wilson_low(hits, n) AS low,
        wilson_high(hits, n) AS high
    FROM task_completion
    WHERE day <= toDate($__toTime)
    GROUP BY day
    WINDOW last_week AS (ORDER BY day RANGE BETWEEN 6 PRECEDING AND CURRENT ROW)
)
WHERE $__dateFilter(t)
ORDER BY t
