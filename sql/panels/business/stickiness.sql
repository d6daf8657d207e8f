-- title: How often users come back: day over 28 days
-- section: Usage and cohorts
-- place: 20
-- unit: share
-- plot: lines
-- width: 6
-- think: Week-ends pull it down; compare Tuesdays with Tuesdays. A trend over weeks is what counts.
-- definition: Users of the day over users of 28 days, of each feature and of the application (view `adoption_daily`).
-- freshness: 15 s after the event
-- evidence: 30
SELECT day AS t, line.1 AS series, line.2 AS value, line.3 AS hits, line.4 AS n
FROM
(
    SELECT day, feature, stickiness, users_1d, users_28d, active_stickiness, active_1d, active_28d FROM adoption_daily
    WHERE $__dateFilter(day) AND feature IN (${feature:singlequote})
)
ARRAY JOIN [(feature, stickiness, users_1d, users_28d), ('the application', active_stickiness, active_1d, active_28d)] AS line
ORDER BY t, series
