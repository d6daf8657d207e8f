-- How often does a search of the library find nothing? One row a minute, service and environment.
--
-- `without_result_share` is `without_result` of the searches that say how much they found (`answered`), NULL where none did, with
-- its 95 % Wilson interval. Over a longer time add the counts up, and call wilson_low(without_result, answered) and wilson_high(…);
-- never take the mean of the shares.
CREATE OR REPLACE VIEW searches AS
SELECT
    window_start AS minute,
    service,
    environment,
    sum(r.count) AS count,
    sum(r.answered) AS answered,
    sum(r.without_result) AS without_result,
    without_result / nullIf(answered, 0) AS without_result_share,
    wilson_low(without_result, answered) AS without_result_share_low,
    wilson_high(without_result, answered) AS without_result_share_high
FROM searches_rows AS r FINAL
GROUP BY minute, service, environment;
