-- How many of a sketch's values are above a bound, in their unit: latency_slower(sketch, 200). Within 1 % of the bound a value may count
-- to either side. Sketches merge by sumMap, over any rows: latency_slower(sumMap(duration_sketch), 200). Empty sketch: 0.
CREATE OR REPLACE FUNCTION latency_slower AS (sketch, bound) ->
    arraySum(arrayMap((bucket, held) -> if(bucket > ceil(log(bound) / log(1.01 / 0.99)), held, 0), mapKeys(sketch), mapValues(sketch)));
