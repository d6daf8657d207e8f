-- title: Estimates that use each feature
-- section: Productivity
-- place: 40
-- unit: share
-- plot: lines
-- width: 6
-- think: Where the library's line rises, the time for an estimate should fall; if it does not, ask why.
-- definition: Estimates created on a day that use the feature, of those that say whether (view `estimate_features_daily`).
-- freshness: 2 s after an estimate
-- evidence: 20
SELECT day AS t, feature AS series, share AS value, share_low AS low, share_high AS high, using_it AS hits, estimates AS n
FROM estimate_features_daily
WHERE $__dateFilter(day)
ORDER BY t, series
