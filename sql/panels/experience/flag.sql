-- title: From a flag to a habit
-- section: Journeys and tasks
-- place: 40
-- unit: share
-- plot: bars
-- width: 6
-- think: Few who use it means that they do not find it; few who keep it means that it does not help.
-- definition: The flag `new-editor` (view `adoption_funnel`): eligible, exposed, used, kept (used again 7 to 28 days later; only those whose 28 days are over).
--     Share of those of the step before who had the time, with the 95 % interval of Wilson.
-- freshness: 15 s after the event
-- evidence: 30
SELECT step AS label, share AS value, share_low AS low, share_high AS high, reached AS hits, due AS n
FROM adoption_funnel(flag = 'new-editor')
ORDER BY step_number
