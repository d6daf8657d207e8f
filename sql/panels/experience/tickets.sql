-- title: Support tickets by area
-- section: What users say
-- place: 40
-- unit: number
-- plot: bars
-- width: 6
-- think: An area with a long bar here and a low rating above is where the application costs people most.
-- definition: Tickets opened in the weeks that begin in the range (view `support_tickets`).
-- freshness: 6 s after a ticket
-- evidence: 1
SELECT if(area = '', 'not said', area) AS label, toFloat64(n) AS value, sum(s.count) AS n
FROM support_tickets AS s
WHERE week >= toMonday($__fromTime) AND week <= toDate($__toTime)
GROUP BY label
ORDER BY n DESC
LIMIT 8
