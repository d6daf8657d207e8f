-- title: Would they recommend it (NPS)
-- section: Who uses it
-- place: 30
-- unit: score
-- plot: figure
-- width: 3
-- bounds: nps
-- think: Only a change larger than the interval is a change; a score from few votes says little.
-- definition: Promoters (9, 10) minus detractors (0 to 6) of 100 votes, one vote a person and month; 95 % interval (view `nps`).
-- freshness: 2 s after a vote
-- evidence: 30
SELECT period_start AS t, nps AS value, nps_low AS low, nps_high AS high, votes AS n
FROM nps(period = 'month')
WHERE period_start >= toStartOfMonth($__fromTime) AND period_start <= toDate($__toTime)
ORDER BY t
