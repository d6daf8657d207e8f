-- The share of minutes that a target is to be up: 99.9 % for the application, 99.95 % for the database, NULL for any other.
CREATE OR REPLACE FUNCTION availability_objective ON CLUSTER 'tide' AS (target) ->
    multiIf(target = 'application', 0.999, target = 'database', 0.9995, NULL);

-- How likely chance alone gives a chi-square statistic of x or more: chi_square_p(x, degrees_of_freedom), for whole degrees from 1 to 300.
-- The upper tail itself (Abramowitz and Stegun 26.4.4 and 26.4.5), so that small values keep their digits.
CREATE OR REPLACE FUNCTION chi_square_p ON CLUSTER 'tide' AS (x, degrees) ->
    if(degrees % 2 = 1, erfc(sqrt(x / 2)), 0)
        + exp(-x / 2) * arraySum(
            i -> pow(x / 2, i - 1 + (degrees % 2) / 2) / tgamma(i + (degrees % 2) / 2),
            range(1, toUInt64(intDiv(degrees, 2)) + 1));

-- Which feature a use is of: feature_of(event, feature). feature.used says it itself; other events are the use of a feature by
-- themselves: library.search, library.item_selected and library.item_created of `library`, bulk.operation of `bulk-edit`. A change
-- of this list holds for the past too.
CREATE OR REPLACE FUNCTION feature_of ON CLUSTER 'tide' AS (event, feature) ->
    transform(event,
        ['library.search', 'library.item_selected', 'library.item_created', 'bulk.operation'],
        ['library',        'library',               'library',              'bulk-edit'],
        feature);

-- Whether a flag's variant gives the feature to the user: is_on(variant). Every variant does but off, false, no, none,
-- disabled, control, 0 and an empty one, in capitals or not.
CREATE OR REPLACE FUNCTION is_on ON CLUSTER 'tide' AS (variant) ->
    lower(variant) NOT IN ('', 'off', 'false', 'no', 'none', 'disabled', 'control', '0');

-- The value below which the share q of a sketch's values lies, in their unit, within 1 %: latency_quantile(sketch, 0.95).
-- Sketches merge by sumMap, over any rows: latency_quantile(sumMap(duration_sketch), 0.95). Empty sketch: NaN.
CREATE OR REPLACE FUNCTION latency_quantile ON CLUSTER 'tide' AS (sketch, q) ->
    if(empty(mapKeys(sketch)), nan,
       2 * pow(1.01 / 0.99, toFloat64(mapKeys(mapSort(sketch))[
           arrayFirstIndex(reached -> reached >= q * arraySum(mapValues(sketch)), arrayCumSum(mapValues(mapSort(sketch))))
       ])) / (1.01 / 0.99 + 1));

-- [p50, p95, p99] of a sketch, in the unit of its values, within 1 %: latency_quantiles(sumMap(duration_sketch)).
CREATE OR REPLACE FUNCTION latency_quantiles ON CLUSTER 'tide' AS (sketch) ->
    arrayMap(q -> latency_quantile(sketch, q), [0.5, 0.95, 0.99]);

-- How many of a sketch's values are above a bound, in their unit: latency_slower(sketch, 200). Within 1 % of the bound a value may count
-- to either side. Sketches merge by sumMap, over any rows: latency_slower(sumMap(duration_sketch), 200). Empty sketch: 0.
CREATE OR REPLACE FUNCTION latency_slower ON CLUSTER 'tide' AS (sketch, bound) ->
    arraySum(arrayMap((bucket, held) -> if(bucket > ceil(log(bound) / log(1.01 / 0.99)), held, 0), mapKeys(sketch), mapValues(sketch)));

-- 95 % interval of the difference of two shares, hits / total - base_hits / base_total (Newcombe 1998, method 10: made of
-- the Wilson intervals of both): newcombe_low(hits, total, base_hits, base_total), newcombe_high(…). Of nothing: NULL.
CREATE OR REPLACE FUNCTION newcombe_low ON CLUSTER 'tide' AS (hits, total, base_hits, base_total) ->
    hits / nullIf(total, 0) - base_hits / nullIf(base_total, 0)
        - sqrt(pow(hits / nullIf(total, 0) - wilson_low(hits, total), 2)
            + pow(wilson_high(base_hits, base_total) - base_hits / nullIf(base_total, 0), 2));

CREATE OR REPLACE FUNCTION newcombe_high ON CLUSTER 'tide' AS (hits, total, base_hits, base_total) ->
    hits / nullIf(total, 0) - base_hits / nullIf(base_total, 0)
        + sqrt(pow(wilson_high(hits, total) - hits / nullIf(total, 0), 2)
            + pow(base_hits / nullIf(base_total, 0) - wilson_low(base_hits, base_total), 2));

-- 95 % interval of a Net Promoter Score, -100 to 100: nps_low(promoters, detractors, votes), nps_high(…).
--
-- The votes count as 1, 0 and -1, and the interval is 1.96 standard errors of their mean to both sides (adjusted Wald): before, 3
-- votes are added (3/4 promoters, 3/2 passives, 3/4 detractors), so that few or unanimous votes do not look certain
-- (B. Rocks, Interval Estimation for the Net Promoter Score, The American Statistician 70, 2016). No votes: NULL.
CREATE OR REPLACE FUNCTION nps_low ON CLUSTER 'tide' AS (promoters, detractors, votes) ->
    if(votes > 0, greatest(-100, 100 * ((toFloat64(promoters) - detractors) / (votes + 3) - 1.959964 * sqrt(
        ((promoters + detractors + 1.5) / (votes + 3) - pow((toFloat64(promoters) - detractors) / (votes + 3), 2))
            / (votes + 3)))), NULL);

CREATE OR REPLACE FUNCTION nps_high ON CLUSTER 'tide' AS (promoters, detractors, votes) ->
    if(votes > 0, least(100, 100 * ((toFloat64(promoters) - detractors) / (votes + 3) + 1.959964 * sqrt(
        ((promoters + detractors + 1.5) / (votes + 3) - pow((toFloat64(promoters) - detractors) / (votes + 3), 2))
            / (votes + 3)))), NULL);

-- Half the 95 % interval of a mean of values that come from persons: mean ± person_error(totals, counts), with one total and one
-- count of values a person: groupArray(total), groupArray(count).
--
-- Values of one person resemble each other, so persons are what is independent: the squared deviations are summed by person
-- (cluster-robust variance, CR1: Cameron and Miller, Journal of Human Resources 50, 2015) and Student's t has persons - 1 degrees
-- of freedom. With one value a person it is the usual t interval. NULL for fewer than two persons, and where nothing
-- deviates: that does not say how much others would.
--
-- t_975(freedom) is the 97.5 % quantile of Student's t: the expansion 26.7.5 of Abramowitz and Stegun, within 1 % from two
-- degrees of freedom on; with one it is 12.706.
CREATE OR REPLACE FUNCTION t_975 ON CLUSTER 'tide' AS (freedom) ->
    if(freedom < 2, 12.706205, 1.959964 + 2.372271 / freedom + 2.822499 / pow(freedom, 2)
        + 2.555850 / pow(freedom, 3) + 1.589534 / pow(freedom, 4));

CREATE OR REPLACE FUNCTION person_error ON CLUSTER 'tide' AS (totals, counts) ->
    if(length(totals) < 2, NULL, nullIf(t_975(toFloat64(length(totals)) - 1) / arraySum(counts)
        * sqrt(length(totals) / (toFloat64(length(totals)) - 1)
            * arraySum(arrayMap((total, own) -> pow(total - arraySum(totals) / arraySum(counts) * own, 2), totals, counts))), 0));

-- 95 % interval of a share (Wilson's score interval): wilson_low(hits, total), wilson_high(hits, total).
-- It stays within 0 and 1 and is honest for few and for rare hits. Of nothing: NULL.
CREATE OR REPLACE FUNCTION wilson_low ON CLUSTER 'tide' AS (hits, total) ->
    if(total > 0, greatest(0, (hits + 1.920729410347062
        - 1.959963984540054 * sqrt(hits * (toFloat64(total) - hits) / total + 0.960364705173531))
        / (total + 3.841458820694124)), NULL);

CREATE OR REPLACE FUNCTION wilson_high ON CLUSTER 'tide' AS (hits, total) ->
    if(total > 0, least(1, (hits + 1.920729410347062
        + 1.959963984540054 * sqrt(hits * (toFloat64(total) - hits) / total + 0.960364705173531))
        / (total + 3.841458820694124)), NULL);
