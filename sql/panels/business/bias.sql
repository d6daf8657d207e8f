-- title: Are estimates too low or too high?
-- section: Accuracy
-- place: 20
-- unit: share
-- plot: bars
-- width: 6
-- think: Left of zero, projects cost more than was estimated: prices in the library are too low or too old.
-- definition: Mean of (estimated - actual) / actual of the estimates closed in the month (view `estimate_accuracy`), with its 95 % interval.
-- freshness: 2 s after an estimate is closed
-- evidence: 20
SELECT concat(formatDateTime(month, '%Y-%m'), ' ', library) AS label, bias AS value, bias_low AS low, bias_high AS high, estimate_accuracy.count AS n
FROM estimate_accuracy
WHERE month >= toStartOfMonth($__fromTime) AND month <= toDate($__toTime) AND library IN ('with', 'without')
ORDER BY month DESC, library
LIMIT 12
