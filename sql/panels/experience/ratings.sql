-- title: Rating of each feature, 1 to 5
-- section: What users say
-- place: 20
-- unit: stars
-- plot: bars
-- width: 6
-- bounds: rating
-- think: Where intervals overlap, features are rated alike; the shortest bar that does not overlap is the one to mend.
-- definition: Mean of the ratings (1 to 5) of the latest month of the range, with a 95 % interval that knows that one person's ratings resemble each other
--     (view `satisfaction`).
-- freshness: 2 s after a rating
-- evidence: 10
SELECT if(feature = '', 'in general', feature) AS label, mean AS value, mean_low AS low, mean_high AS high, ratings AS n, people
FROM satisfaction
WHERE month = (SELECT max(month) FROM satisfaction WHERE month <= toDate($__toTime))
ORDER BY value DESC
