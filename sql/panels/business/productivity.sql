-- title: How productive estimating is
-- section: Productivity
-- place: 30
-- unit: number
-- plot: table
-- width: 12
-- think: Look along a measure from month to month: a step larger than the intervals is a change.
-- definition: Means by month with their 95 % intervals, which know that values of one user resemble each other, and medians (view `productivity`).
-- freshness: 2 s after the event
-- evidence: 20
SELECT measure, formatDateTime(month, '%Y-%m') AS in_month, mean, mean_low AS low, mean_high AS high, median, productivity.count AS n, people
FROM productivity
WHERE month >= toStartOfMonth($__fromTime) AND month <= toDate($__toTime)
ORDER BY measure, month DESC
LIMIT 24
