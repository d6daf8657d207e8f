-- title: Minutes for an estimate
-- section: Productivity
-- place: 10
-- unit: minutes
-- plot: bars
-- width: 6
-- think: The gap between the two bars of a month is what the library saves on each estimate.
-- definition: Mean time of creating an estimate with and without library items, by month (view `time_savings`). People chose how they worked.
-- freshness: 2 s after an estimate
-- evidence: 20
SELECT concat(formatDateTime(month, '%Y-%m'), ' ', kind.1) AS label, kind.2 AS value, kind.3 AS n, kind.4 AS median_minutes
FROM time_savings
ARRAY JOIN [('with library', mean_minutes_with, estimates_with, median_minutes_with),
    ('without', mean_minutes_without, estimates_without, median_minutes_without)] AS kind
WHERE month >= toStartOfMonth($__fromTime) AND month <= toDate($__toTime)
ORDER BY month DESC, kind.1
LIMIT 12
