-- title: Hours saved so far
-- section: What it brings
-- place: 10
-- unit: hours
-- plot: figure
-- width: 3
-- think: This is working time that people got back; if it stops to grow, the library is used less or saves less.
-- definition: Mean time of creating an estimate without the library minus with it, times the estimates made with it; months added up to the latest
--     one. People chose how they worked: it is a comparison, no experiment. With a 95 % interval.
-- freshness: 2 s after an estimate
-- evidence: 20
-- empty: Estimates made with and without the library are needed to compare.
SELECT month AS t, sum(ifNull(hours_saved, 0)) OVER so_far AS value, sum(ifNull(hours_saved_low, 0)) OVER so_far AS low,
    sum(ifNull(hours_saved_high, 0)) OVER so_far AS high, sum(estimates_with) OVER so_far AS n
FROM time_savings
WHERE month <= toDate($__toTime)
WINDOW so_far AS (ORDER BY month)
ORDER BY t
