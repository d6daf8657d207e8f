-- title: Error of estimates with the library, as a share of the error without
-- place: 100
-- unit: share
-- bounds: accuracy
-- evidence: 20
-- monthly: yes
-- definition: Mean absolute error against the actual cost (view `estimate_accuracy`) with library items over that without, of the month that the period ends in.
--     Interval: of the logarithm, from both intervals (MOVER).
SELECT
    w / o AS value,
    value * exp(-sqrt(pow(log(w / wl), 2) + pow(log(oh / o), 2))) AS low,
    value * exp(sqrt(pow(log(wh / w), 2) + pow(log(o / ol), 2))) AS high,
    n
FROM
(
    SELECT
        maxIf(mape, library = 'with') AS w, maxIf(mape_low, library = 'with') AS wl, maxIf(mape_high, library = 'with') AS wh,
        maxIf(mape, library = 'without') AS o, maxIf(mape_low, library = 'without') AS ol, maxIf(mape_high, library = 'without') AS oh,
        least(maxIf(estimate_accuracy.count, library = 'with'), maxIf(estimate_accuracy.count, library = 'without')) AS n
    FROM estimate_accuracy
    WHERE month = toStartOfMonth($__toTime - INTERVAL 1 SECOND)
)
WHERE n > 0 AND wl > 0 AND ol > 0
