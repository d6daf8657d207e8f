-- 95 % interval of a Net Promoter Score, -100 to 100: nps_low(promoters, detractors, votes), nps_high(…).
--
-- The votes count as 1, 0 and -1, and the interval is 1.96 standard errors of their mean to both sides (adjusted Wald): before, 3
-- votes are added (3/4 promoters, 3/2 passives, 3/4 detractors), so that few or unanimous votes do not look certain
-- (B. Rocks, Interval Estimation for the Net Promoter Score, The American Statistician 70, 2016). No votes: NULL.
CREATE OR REPLACE FUNCTION nps_low AS (promoters, detractors, votes) ->
    if(votes > 0, greatest(-100, 100 * ((toFloat64(promoters) - detractors) / (votes + 3) - 1.959964 * sqrt(
        ((promoters + detractors + 1.5) / (votes + 3) - pow((toFloat64(promoters) - detractors) / (votes + 3), 2))
            / (votes + 3)))), NULL);
CREATE OR REPLACE FUNCTION nps_high AS (promoters, detractors, votes) ->
    if(votes > 0, least(100, 100 * ((toFloat64(promoters) - detractors) / (votes + 3) + 1.959964 * sqrt(
        ((promoters + detractors + 1.5) / (votes + 3) - pow((toFloat64(promoters) - detractors) / (votes + 3), 2))
            / (votes + 3)))), NULL);
