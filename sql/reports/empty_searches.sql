-- title: Searches that find nothing
-- place: 80
-- unit: share
-- better: below
-- evidence: 100
-- definition: Searches without a result of those that say how much they found (view `searches`), with the interval of Wilson.
SELECT hits / nullIf(n, 0) AS value, wilson_low(hits, n) AS low, wilson_high(hits, n) AS high, sum(s.without_result) AS hits, sum(s.answered) AS n
FROM searches AS s
WHERE minute >= $__fromTime AND minute < $__toTime
