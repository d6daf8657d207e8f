-- title: Sample ratio: are the variants as large as they should be?
-- section: Experiments
-- place: 30
-- unit: number
-- plot: table
-- width: 6
-- hidden: freedom, chi
-- alerts: SampleRatioMismatch
-- think: "Do not trust" means that the assignment or the counting is broken: throw the result away, however good it looks.
-- definition: Units of every experiment by variant against equal shares; p is that of the chi-square test; below 0.001
--     it is a sample ratio mismatch. `in_two` saw more than one variant: more than 1 % of them is a broken assignment.
-- freshness: 15 s after the exposure
-- evidence: 100
WITH seen AS
(
    SELECT experiment, unit, argMin(variant, first_exposure) AS first_variant, count() > 1 AS in_two FROM experiment_exposures GROUP BY experiment, unit
),
by_variant AS
(
    SELECT experiment, first_variant, count() AS units, countIf(in_two) AS twice FROM seen GROUP BY experiment, first_variant
)
SELECT
    experiment,
    multiIf(p < 0.001 OR in_two > 0.01 * n, 'do not trust', n < 100, 'too few', 'fine') AS state,
    arrayStringConcat(groupArray(concat(first_variant, ' ', toString(units))), ' · ') AS variants,
    sum(twice) AS in_two,
    if(freedom > 0, chi_square_p(chi, greatest(freedom, 1)), NULL) AS p,
    sum(units) AS n,
    count() - 1 AS freedom,
    sum(pow(units, 2)) / (n / count()) - n AS chi
FROM by_variant
GROUP BY experiment
ORDER BY experiment
