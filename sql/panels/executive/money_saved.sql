-- title: Money saved so far
-- section: What it brings
-- place: 20
-- unit: EUR
-- plot: figure
-- width: 3
-- think: This is what the saved hours are worth at your own hourly rate, before costs.
-- definition: Hours saved at the hourly rate of their month, added up (view `roi`), with a 95 % interval that adds the months' own up.
-- freshness: 2 s after an estimate
-- evidence: 20
-- empty: Say what an hour of your people costs: INSERT INTO hourly_rates (valid_from, amount, currency) VALUES ('2026-01-01', 65, 'EUR').
SELECT month AS t, total_saved AS value, total_saved_low AS low, total_saved_high AS high, total_estimates_with AS n
FROM roi(currency = 'EUR')
WHERE month <= toDate($__toTime) AND total_saved > 0
ORDER BY t
