-- every: 5m
-- labels: experiment
-- name: tidegauge_experiment_sample_ratio_p
-- help: Chance of the units of the variants if every variant were to have as many (chi-square).
-- name: tidegauge_experiment_units
-- help: Units that saw one variant.
--
-- Experiments with an exposure in the last 7 days. For variants of unequal size write the plan into `planned`, as
-- (experiment, variant, share); what is not in it is to have equal shares.
WITH
    CAST([], 'Array(Tuple(String, String, Float64))') AS planned,
    units AS
    (
        SELECT experiment, unit, any(e.variant) AS variant
        FROM experiment_exposures_rows AS e
        WHERE experiment IN (SELECT experiment FROM experiment_exposures_rows WHERE window_start > now('UTC') - INTERVAL 7 DAY)
        GROUP BY experiment, unit
        HAVING uniqExact(e.variant) = 1
    ),
    counts AS
    (
        SELECT
            experiment,
            variant,
            count() AS n,
            arrayFirst(p -> p.1 = experiment AND p.2 = variant, planned).3 AS share
        FROM units
        GROUP BY experiment, variant
    ),
    expected AS
    (
        SELECT
            *,
            sum(n) OVER (PARTITION BY experiment)
                * if(min(share) OVER (PARTITION BY experiment) > 0, share, 1 / count() OVER (PARTITION BY experiment)) AS wanted
        FROM counts
    )
SELECT experiment, chi_square_p(sum(pow(n - wanted, 2) / wanted), toUInt32(count() - 1)), sum(n)
FROM expected
GROUP BY experiment
HAVING count() > 1
ORDER BY sum(n) DESC
LIMIT 50
