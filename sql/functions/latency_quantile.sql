-- The value below which the share q of a sketch's values lies, in their unit, within 1 %: latency_quantile(sketch, 0.95).
-- Sketches merge by sumMap, over any rows: latency_quantile(sumMap(duration_sketch), 0.95). Empty sketch: NaN.
CREATE OR REPLACE FUNCTION latency_quantile AS (sketch, q) ->
    if(empty(mapKeys(sketch)), nan,
       2 * pow(1.01 / 0.99, toFloat64(mapKeys(mapSort(sketch))[
           arrayFirstIndex(reached -> reached >= q * arraySum(mapValues(sketch)), arrayCumSum(mapValues(mapSort(sketch))))
       ])) / (1.01 / 0.99 + 1));
