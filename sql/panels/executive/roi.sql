-- title: Return on investment
-- section: What it brings
-- place: 30
-- unit: ratio
-- plot: figure
-- width: 3
-- bounds: roi
-- think: Above the target it has paid for itself more than four times over; an interval across zero means that it is not known yet.
-- definition: (money saved - cost) / cost, both added up to the month (view `roi`): 300 % is three times as much again as was spent.
-- freshness: 2 s after an estimate
-- evidence: 20
-- empty: Say what it costs: INSERT INTO costs (month, kind, amount, currency) VALUES ('2026-01-01', 'one_time', 40000, 'EUR').
SELECT month AS t, roi AS value, roi_low AS low, roi_high AS high, total_estimates_with AS n
FROM roi(currency = 'EUR')
WHERE month <= toDate($__toTime) AND roi IS NOT NULL
ORDER BY t
