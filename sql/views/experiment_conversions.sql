-- Conversions of an experiment hour by hour, for a live line: experiment_conversions(experiment = '…', goal = '…').
-- One row an hour (UTC) and variant in which somebody was exposed or converted.
--
-- Units as in experiment_results: who saw two variants is left out. new_units: first exposed in the hour. conversions: reached the goal
-- in the hour for the first time at or after the exposure, however long after. units_so_far and conversions_so_far add them up;
-- rate_so_far is their ratio, which lags behind experiment_results while units are still about to convert.
CREATE OR REPLACE VIEW experiment_conversions AS
WITH
    units AS
    (
        SELECT unit, any(e.variant) AS variant, toInt64(min(e.first_ms)) AS exposed_ms
        FROM experiment_exposures_rows AS e
        WHERE experiment = {experiment:String}
        GROUP BY unit
        HAVING uniqExact(e.variant) = 1
    ),
    steps AS
    (
        SELECT variant, exposed_ms AS moment_ms, 1 AS exposed, 0 AS converted
        FROM units
        UNION ALL
        SELECT any(units.variant) AS variant, min(toUnixTimestamp64Milli(g.time)) AS moment_ms, 0 AS exposed, 1 AS converted
        FROM experiment_goals AS g
        INNER JOIN units ON units.unit = g.unit
        WHERE g.goal = {goal:String} AND toUnixTimestamp64Milli(g.time) >= units.exposed_ms
        GROUP BY g.unit
    )
SELECT
    toStartOfHour(fromUnixTimestamp64Milli(moment_ms, 'UTC')) AS hour,
    variant,
    sum(exposed) AS new_units,
    sum(converted) AS conversions,
    sum(new_units) OVER so_far AS units_so_far,
    sum(conversions) OVER so_far AS conversions_so_far,
    conversions_so_far / nullIf(units_so_far, 0) AS rate_so_far
FROM steps
GROUP BY hour, variant
WINDOW so_far AS (PARTITION BY variant ORDER BY hour ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
ORDER BY hour, variant;
