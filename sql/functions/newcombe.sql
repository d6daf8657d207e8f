-- 95 % interval of the difference of two shares, hits / total - base_hits / base_total (Newcombe 1998, method 10: made of
-- the Wilson intervals of both): newcombe_low(hits, total, base_hits, base_total), newcombe_high(…). Of nothing: NULL.
CREATE OR REPLACE FUNCTION newcombe_low AS (hits, total, base_hits, base_total) ->
    hits / nullIf(total, 0) - base_hits / nullIf(base_total, 0)
        - sqrt(pow(hits / nullIf(total, 0) - wilson_low(hits, total), 2)
            + pow(wilson_high(base_hits, base_total) - base_hits / nullIf(base_total, 0), 2));
CREATE OR REPLACE FUNCTION newcombe_high AS (hits, total, base_hits, base_total) ->
    hits / nullIf(total, 0) - base_hits / nullIf(base_total, 0)
        + sqrt(pow(wilson_high(hits, total) - hits / nullIf(total, 0), 2)
            + pow(base_hits / nullIf(base_total, 0) - wilson_low(base_hits, base_total), 2));
