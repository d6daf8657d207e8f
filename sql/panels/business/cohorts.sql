-- title: Who stays: users by the week they began with the feature
-- section: Usage and cohorts
-- place: 30
-- unit: share
-- plot: grid
-- width: 12
-- hidden: complete
-- think: Read down a column: if later cohorts stay longer, the feature gets better; read along a row to see how a cohort thins out.
-- definition: Of the users whose first use lies in the week, the share that uses the feature again so many weeks later (view `retention_weekly`). Weeks that
--     are not over still grow and are marked with an ellipsis.
-- freshness: 15 s after the event
-- evidence: 20
SELECT toString(cohort_week) AS row, toString(week_number) AS column, share AS value, returned AS hits, cohort_users AS n, complete
FROM retention_weekly
WHERE feature IN (${feature:singlequote}) AND week_number <= 12 AND cohort_week >= toMonday($__fromTime) - 84 AND cohort_week <= toDate($__toTime)
ORDER BY cohort_week, week_number
