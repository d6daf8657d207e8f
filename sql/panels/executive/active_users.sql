-- title: Active users in 28 days
-- section: Who uses it
-- place: 20
-- unit: number
-- plot: figure
-- width: 3
-- think: Growth here makes every other figure on this page worth more; a fall makes them worth less.
-- definition: Distinct users with any event in the 28 days that end with the day (view `adoption_daily`).
-- freshness: 15 s after the event
-- evidence: 1
SELECT day AS t, toFloat64(max(active_28d)) AS value, max(active_28d) AS n
FROM adoption_daily
WHERE $__dateFilter(day)
GROUP BY day
ORDER BY t
