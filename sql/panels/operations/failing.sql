-- title: Which operations are hit
-- section: Now
-- place: 30
-- unit: share
-- plot: table
-- width: 12
-- hidden: outcomes_now, errors_usual, outcomes_usual, timed, timed_usual
-- think: The top lines are where it hurts: if many operations fail together suspect what they share (database, release), if one fails suspect itself.
-- definition: The last 5 minutes of the range beside what was usual: the day before, up to 15 minutes ago. By operation and service. Failing: the 95 %
--     interval of the error rate lies above 1 % and above three times the usual one's, and there are {{least_bad}} or more; fewer
--     are too few to tell. Slow: p95 more than twice the usual, with at least 20 timed events on
--     both sides. p95 is within 1 %.
-- freshness: 2 s after the event
-- evidence: 20
WITH $__toTime - INTERVAL 5 MINUTE AS recent, $__toTime - INTERVAL 15 MINUTE AS usual
SELECT
    event AS operation,
    service,
    multiIf(
        errors >= {{least_bad}} AND wilson_low(errors, outcomes_now) > greatest(0.01, 3 * ifNull(wilson_high(errors_usual, outcomes_usual), 0.)), 'failing',
        timed >= 20 AND timed_usual >= 20 AND p95_ms > 2 * usual_p95_ms, 'slow',
        errors > 0, 'too few',
        'as usual') AS state,
    errors / nullIf(outcomes_now, 0) AS error_share,
    errors_usual / nullIf(outcomes_usual, 0) AS usual_error_share,
    latency_quantile(sumMapIf(duration_sketch, window_start > recent), 0.95) AS p95_ms,
    latency_quantile(sumMapIf(duration_sketch, window_start <= usual), 0.95) AS usual_p95_ms,
    sumIf(o.errors, window_start > recent) AS errors,
    sumIf(o.count, window_start > recent) AS n,
    sumIf(o.outcomes, window_start > recent) AS outcomes_now,
    sumIf(o.errors, window_start <= usual) AS errors_usual,
    sumIf(o.outcomes, window_start <= usual) AS outcomes_usual,
    sumIf(o.duration_count, window_start > recent) AS timed,
    sumIf(o.duration_count, window_start <= usual) AS timed_usual
FROM operations AS o
WHERE window_start > $__toTime - INTERVAL 1 DAY AND window_start <= $__toTime
AND $__conditionalAll(service IN (${service:singlequote}), $service)
AND $__conditionalAll(environment IN (${environment:singlequote}), $environment)
AND $__conditionalAll(release IN (${release:singlequote}), $release)
GROUP BY event, service
HAVING n > 0 AND (outcomes_now > 0 OR timed > 0)
ORDER BY indexOf(['failing', 'slow', 'too few', 'as usual'], state), errors DESC, n DESC
LIMIT 12
