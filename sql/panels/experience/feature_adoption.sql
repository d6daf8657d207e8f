-- title: Adoption: share of the active users
-- section: Features
-- place: 20
-- unit: share
-- plot: bars
-- width: 6
-- bounds: adoption
-- alerts: AdoptionFell
-- think: A short bar with many users who tried it once is a feature that does not keep its promise; look at its cohorts on the business page.
-- definition: Users of the feature over active users of the 28 days that end with the newest day of the range, with the 95 % interval of Wilson.
-- freshness: 15 s after the event
-- evidence: 30
SELECT feature AS label, argMax(share_28d, day) AS value, argMax(share_28d_low, day) AS low, argMax(share_28d_high, day) AS high,
    argMax(users_28d, day) AS hits, argMax(active_28d, day) AS n
FROM adoption_daily
WHERE day <= toDate($__toTime)
GROUP BY feature
ORDER BY value DESC
