-- title: How far estimates miss the actual cost
-- section: Accuracy
-- place: 10
-- unit: share
-- plot: bars
-- width: 6
-- think: A shorter bar with the library means better estimates; overlapping intervals mean that it is not known yet.
-- definition: Mean absolute error against the actual cost of the estimates closed in the month (MAPE, view `estimate_accuracy`), with a 95 % interval that
--     knows that the estimates of one person resemble each other.
-- freshness: 2 s after an estimate is closed
-- evidence: 20
SELECT concat(formatDateTime(month, '%Y-%m'), ' ', library) AS label, mape AS value, mape_low AS low, mape_high AS high, estimate_accuracy.count AS n
FROM estimate_accuracy
WHERE month >= toStartOfMonth($__fromTime) AND month <= toDate($__toTime) AND library IN ('with', 'without')
ORDER BY month DESC, library
LIMIT 12
