-- title: How far people get in the journey
-- section: Journeys and tasks
-- place: 10
-- unit: share
-- plot: bars
-- width: 6
-- think: The step after which the bar drops most is the one to mend first; its number of people says how much there is to win.
-- definition: Users who reach each step in order within 24 hours, of those who begin (view `journey_funnel`, all time that is kept), with the 95 % interval of
--     Wilson. `left_here` got no further.
-- freshness: 2 s after the step
-- evidence: 30
SELECT concat(toString(step_number), '. ', step) AS label, share_of_first AS value, share_of_first_low AS low, share_of_first_high AS high,
    users AS hits, max(users) OVER () AS n, left_here, median_seconds
FROM journey_funnel(journey = ${journey:singlequote}, hours = 24)
ORDER BY step_number
