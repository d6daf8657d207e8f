-- title: Would they recommend it (NPS), by week
-- section: What users say
-- place: 10
-- unit: score
-- plot: lines
-- width: 6
-- bounds: nps
-- alerts: NpsLow
-- think: The band is what chance alone can do: only a line that leaves the earlier band has moved.
-- definition: Promoters minus detractors of 100 votes, one vote a person and week, with a 95 % interval (view `nps`).
-- freshness: 2 s after a vote
-- evidence: 20
SELECT period_start AS t, 'NPS' AS series, nps AS value, nps_low AS low, nps_high AS high, votes AS n
FROM nps(period = 'week')
WHERE period_start >= toMonday($__fromTime) AND period_start <= toDate($__toTime)
ORDER BY t
