-- title: Users of each feature
-- section: Features
-- place: 10
-- unit: number
-- plot: lines
-- width: 6
-- think: A line that falls while the others hold is a feature that broke or that people gave up.
-- definition: Distinct known users of each feature, by day (view `adoption_daily`). The last day is the one that runs.
-- freshness: 15 s after the event
-- evidence: 5
SELECT day AS t, feature AS series, toFloat64(users_1d) AS value, users_1d AS n
FROM adoption_daily
WHERE $__dateFilter(day)
ORDER BY t, series
