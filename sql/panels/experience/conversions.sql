-- title: Experiment: share that reached the goal so far
-- section: Experiments
-- place: 40
-- unit: share
-- plot: lines
-- width: 6
-- think: Lines that cross again and again say that there is no difference large enough to see yet.
-- definition: Conversions so far over units so far, hour by hour (view `experiment_conversions`); it lags while units are still about to convert.
-- freshness: 2 s after the event
-- evidence: 30
SELECT hour AS t, variant AS series, rate_so_far AS value, conversions_so_far AS hits, units_so_far AS n
FROM experiment_conversions(experiment = ${experiment:singlequote}, goal = ${goal:singlequote})
WHERE $__timeFilter(hour)
ORDER BY t, series
