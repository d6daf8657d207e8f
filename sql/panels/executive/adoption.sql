-- title: Active users who use the library
-- section: Who uses it
-- place: 10
-- unit: share
-- plot: figure
-- width: 3
-- bounds: adoption
-- think: Below the target, ask the user experience page where people leave before you buy more training.
-- definition: Users of the library over all active users of the 28 days that end with the day (view `adoption_daily`), with the 95 % interval of Wilson.
-- freshness: 15 s after the event
-- evidence: 30
SELECT day AS t, share_28d AS value, share_28d_low AS low, share_28d_high AS high, users_28d AS hits, active_28d AS n
FROM adoption_daily
WHERE feature = 'library' AND $__dateFilter(day)
ORDER BY t
