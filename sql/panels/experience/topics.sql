-- title: What is reported and wished for
-- section: What users say
-- place: 30
-- unit: number
-- plot: table
-- width: 6
-- alerts: UserReportedIssues
-- think: The topic of most people comes first, not the topic of the loudest: compare the people with the reports.
-- definition: Bug reports and wishes by area and feature, of the weeks that begin in the range (view `feedback_topics`); `people` is of the week with most.
-- freshness: 2 s after a report
-- evidence: 1
SELECT if(kind = 'bug', 'bug', 'wish') AS what, area, feature, sum(f.count) AS n, max(f.people) AS people
FROM feedback_topics AS f
WHERE week >= toMonday($__fromTime) AND week <= toDate($__toTime)
GROUP BY what, area, feature
ORDER BY n DESC
LIMIT 8
