-- 95 % interval of a share (Wilson's score interval): wilson_low(hits, total), wilson_high(hits, total).
-- It stays within 0 and 1 and is honest for few and for rare hits. Of nothing: NULL.
CREATE OR REPLACE FUNCTION wilson_low AS (hits, total) ->
    if(total > 0, greatest(0, (hits + 1.920729410347062
        - 1.959963984540054 * sqrt(hits * (toFloat64(total) - hits) / total + 0.960364705173531))
        / (total + 3.841458820694124)), NULL);
CREATE OR REPLACE FUNCTION wilson_high AS (hits, total) ->
    if(total > 0, least(1, (hits + 1.920729410347062
        + 1.959963984540054 * sqrt(hits * (toFloat64(total) - hits) / total + 0.960364705173531))
        / (total + 3.841458820694124)), NULL);
