-- title: Do the guided finish more often?
-- section: Guidance
-- place: 20
-- unit: share
-- plot: bars
-- width: 6
-- think: Right of zero, those who follow guidance finish more often; it is no proof of a cause, for they chose to follow.
-- definition: Completed share of guided attempts minus that of attempts alone, by task over the months of the range (view `guidance_effect`), with
--     Newcombe's 95 % interval.
-- freshness: 2 s after the event
-- evidence: 30
SELECT task AS label, gc / nullIf(ga, 0) - ac / nullIf(aa, 0) AS value, newcombe_low(gc, ga, ac, aa) AS low, newcombe_high(gc, ga, ac, aa) AS high,
    least(ga, aa) AS n
FROM
(
    SELECT task, sum(guided_completed) AS gc, sum(guided_attempts) AS ga, sum(alone_completed) AS ac, sum(alone_attempts) AS aa
    FROM guidance_effect
    WHERE month >= toStartOfMonth($__fromTime) AND month <= toDate($__toTime)
    GROUP BY task
)
ORDER BY value DESC
