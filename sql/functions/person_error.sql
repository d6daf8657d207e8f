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
CREATE OR REPLACE FUNCTION t_975 AS (freedom) ->
    if(freedom < 2, 12.706205, 1.959964 + 2.372271 / freedom + 2.822499 / pow(freedom, 2)
        + 2.555850 / pow(freedom, 3) + 1.589534 / pow(freedom, 4));
CREATE OR REPLACE FUNCTION person_error AS (totals, counts) ->
    if(length(totals) < 2, NULL, nullIf(t_975(toFloat64(length(totals)) - 1) / arraySum(counts)
        * sqrt(length(totals) / (toFloat64(length(totals)) - 1)
            * arraySum(arrayMap((total, own) -> pow(total - arraySum(totals) / arraySum(counts) * own, 2), totals, counts))), 0));
