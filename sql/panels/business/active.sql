-- title: Active users
-- section: Usage and cohorts
-- place: 10
-- unit: number
-- plot: lines
-- width: 6
-- think: The distance between the day's line and the one of 28 days says whether people come daily or now and then.
-- definition: Distinct known users with any event on the day, in 7 and in 28 days that end with it (view `adoption_daily`).
-- freshness: 15 s after the event
-- evidence: 1
SELECT day AS t, line.1 AS series, toFloat64(line.2) AS value, line.2 AS n
FROM
(
    SELECT day, max(active_1d) AS one, max(active_7d) AS seven, max(active_28d) AS four_weeks FROM adoption_daily WHERE $__dateFilter(day) GROUP BY day
)
ARRAY JOIN [('in a day', one), ('in 7 days', seven), ('in 28 days', four_weeks)] AS line
ORDER BY t, series
