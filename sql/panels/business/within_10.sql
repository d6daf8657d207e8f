-- title: Estimates within 10 % of the actual cost
-- section: Accuracy
-- place: 30
-- unit: share
-- plot: bars
-- width: 12
-- think: This is how often a customer gets what was promised: the longer the better.
-- definition: Closed estimates whose error is at most 10 %, with the 95 % interval of Wilson (view `estimate_accuracy`).
-- freshness: 2 s after an estimate is closed
-- evidence: 20
SELECT concat(formatDateTime(month, '%Y-%m'), ' ', library) AS label, within_10_share AS value, within_10_share_low AS low, within_10_share_high AS high,
    within_10 AS hits, estimate_accuracy.count AS n
FROM estimate_accuracy
WHERE month >= toStartOfMonth($__fromTime) AND month <= toDate($__toTime) AND library IN ('with', 'without')
ORDER BY month DESC, library
LIMIT 12
