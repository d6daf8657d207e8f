-- title: Where runs end before their end
-- section: Journeys and tasks
-- place: 20
-- unit: share
-- plot: bars
-- width: 6
-- think: The longest bar is where most people walk away: watch three of them there before you change anything.
-- definition: Runs whose last step is this one, and not the journey's last, of all runs that began in the range and have ended (view `journey_exits`),
--     with the 95 % interval of Wilson.
-- freshness: a run has ended when it took no step for 24 hours
-- evidence: 30
SELECT concat(journey, ': ', step) AS label, hits / n AS value, wilson_low(hits, n) AS low, wilson_high(hits, n) AS high, hits, n
FROM
(
    SELECT journey, step, any(finished) AS finished, sum(runs) AS hits, sum(sum(runs)) OVER (PARTITION BY journey) AS n
    FROM journey_exits
    WHERE $__dateFilter(day)
    GROUP BY journey, step
)
WHERE NOT ifNull(finished, false)
ORDER BY value DESC
LIMIT 8
