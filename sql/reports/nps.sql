-- title: Would they recommend it (NPS)
-- place: 60
-- unit: score
-- bounds: nps
-- evidence: 30
-- definition: Promoters minus detractors of 100 votes, one vote a person (view `nps`), with its 95 % interval.
SELECT nps AS value, nps_low AS low, nps_high AS high, votes AS n
FROM nps(period = ${period:singlequote})
WHERE period_start = toDate($__fromTime)
