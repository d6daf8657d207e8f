-- title: Active users who use the library
-- place: 50
-- unit: share
-- bounds: adoption
-- evidence: 30
-- definition: Users of the library over active users of the 28 days (weekly: 7 days) that end with the last day (view `adoption_daily`), with the interval of Wilson.
SELECT
    argMax(if(${period:singlequote} = 'week', share_7d, share_28d), day) AS value,
    argMax(if(${period:singlequote} = 'week', share_7d_low, share_28d_low), day) AS low,
    argMax(if(${period:singlequote} = 'week', share_7d_high, share_28d_high), day) AS high,
    argMax(if(${period:singlequote} = 'week', users_7d, users_28d), day) AS hits,
    argMax(if(${period:singlequote} = 'week', active_7d, active_28d), day) AS n
FROM adoption_daily
WHERE feature = 'library' AND day >= toDate($__fromTime) AND day < toDate($__toTime)
