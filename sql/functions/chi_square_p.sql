-- How likely chance alone gives a chi-square statistic of x or more: chi_square_p(x, degrees_of_freedom), for whole degrees from 1 to 300.
-- The upper tail itself (Abramowitz and Stegun 26.4.4 and 26.4.5), so that small values keep their digits.
CREATE OR REPLACE FUNCTION chi_square_p AS (x, degrees) ->
    if(degrees % 2 = 1, erfc(sqrt(x / 2)), 0)
        + exp(-x / 2) * arraySum(
            i -> pow(x / 2, i - 1 + (degrees % 2) / 2) / tgamma(i + (degrees % 2) / 2),
            range(1, toUInt64(intDiv(degrees, 2)) + 1));
