-- How often chance alone gives a chi-square statistic as large as this or larger: chi_square_p(chi, freedom).
--
-- Exact for one and two degrees of freedom; above, Wilson and Hilferty's approximation (Proceedings of the National Academy of Sciences
-- 17, 1931), within 0.002. No degree of freedom: NULL.
CREATE OR REPLACE FUNCTION chi_square_p AS (chi, freedom) ->
    multiIf(freedom < 1, NULL, freedom = 1, erfc(sqrt(chi / 2)), freedom = 2, exp(-chi / 2),
        erfc((pow(chi / freedom, 1 / 3) - (1 - 2 / (9 * freedom))) / sqrt(2 / (9 * freedom)) / sqrt(2)) / 2);
