-- [p50, p95, p99] of a sketch, in the unit of its values, within 1 %: latency_quantiles(sumMap(duration_sketch)).
CREATE OR REPLACE FUNCTION latency_quantiles AS (sketch) ->
    arrayMap(q -> latency_quantile(sketch, q), [0.5, 0.95, 0.99]);
