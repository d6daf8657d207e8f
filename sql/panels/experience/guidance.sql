-- title: What becomes of guidance
-- section: Guidance
-- place: 10
-- unit: share
-- plot: bars
-- width: 6
-- think: A guide that is mostly dismissed is in the way: show it later, or to fewer.
-- definition: Times that a guide was followed, of the times it was shown in the range (view `guidance`), with the 95 % interval of Wilson.
-- freshness: 6 s after the event
-- evidence: 30
SELECT concat(guide, if(task = '', '', concat(' for ', task))) AS label, hits / n AS value, wilson_low(hits, n) AS low, wilson_high(hits, n) AS high,
    sum(g.followed) AS hits, sum(g.shown) AS n
FROM guidance AS g
WHERE $__dateFilter(day)
GROUP BY guide, task
ORDER BY value DESC
LIMIT 10
