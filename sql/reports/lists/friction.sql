-- Where people did not get what they wanted, most often first: one row a place, with how often it happened of how many occasions.
SELECT what, place, times, occasions, times / nullIf(occasions, 0) AS share, wilson_low(times, occasions) AS low, wilson_high(times, occasions) AS high
FROM
(
    SELECT 'left the journey' AS what, concat(journey, ' after ', step) AS place, toUInt64(sum(runs)) AS times,
        toUInt64(any(all_runs)) AS occasions
    FROM
    (
        SELECT journey, step, finished, runs, sum(runs) OVER (PARTITION BY journey) AS all_runs FROM journey_exits
        WHERE day >= toDate($__fromTime) AND day < toDate($__toTime)
    )
    WHERE NOT ifNull(finished, false)
    GROUP BY journey, step
    UNION ALL
    SELECT 'gave the task up' AS what, task AS place, toUInt64(sum(c.given_up)) AS times, toUInt64(sum(c.attempts)) AS occasions
    FROM task_completion AS c WHERE day >= toDate($__fromTime) AND day < toDate($__toTime)
    GROUP BY task
    UNION ALL
    SELECT 'it failed' AS what, event AS place, toUInt64(sum(o.errors)) AS times, toUInt64(sum(o.outcomes)) AS occasions
    FROM operations_hourly AS o
    WHERE source = 'client' AND window_start >= $__fromTime AND window_start < $__toTime
    GROUP BY event
    UNION ALL
    SELECT 'the search found nothing' AS what, service AS place, toUInt64(sum(s.without_result)) AS times, toUInt64(sum(s.answered)) AS occasions
    FROM searches AS s WHERE minute >= $__fromTime AND minute < $__toTime
    GROUP BY service
)
WHERE times > 0
ORDER BY times DESC
LIMIT 3
