-- title: Return on investment
-- place: 110
-- unit: ratio
-- bounds: roi
-- evidence: 20
-- monthly: yes
-- cumulative: yes
-- definition: (money saved - cost) / cost, both added up until the month that the period ends in (view `roi`).
SELECT roi AS value, roi_low AS low, roi_high AS high, total_estimates_with AS n
FROM roi(currency = 'EUR')
WHERE month = toStartOfMonth($__toTime - INTERVAL 1 SECOND)
