-- title: What is broken now
-- section: Now
-- place: 10
-- unit: share
-- plot: states
-- width: 8
-- alerts: LibrarySearchSlow, FactorCalculationSlow, PageLoadSlow, ApplicationErrors, DatabaseErrors, ApplicationDown, DatabaseDown, EventsRejected
-- hidden: bad_2m, n_2m, paging
-- think: Whatever says "broken" is failing users now: read which promise it is and since when, then look below for the operation that is hit.
-- definition: Share of bad events of the last 5 minutes for each promise of alerts/slos.yaml, beside the share that the promise allows.
--     Broken: the 95 % interval (Wilson) of the last 2 or the last 5 minutes lies wholly above what pages somebody, that is {{page_burn}} times
--     the allowed share. Recovering: that of the last 5 minutes does, but the last 2 minutes do not. Burning: clearly above the allowed share,
--     and the error budget will not last. Strained: above it, but it may be chance; fewer than {{least_bad}} bad events are never more than that.
--     Unknown: nothing was measured. `since` is the first minute of the hour with a failure from which on the share is about (80 % of) what it is now.
-- freshness: 2 s after the event
-- evidence: 1
WITH
    $__toTime - INTERVAL 5 MINUTE AS five,
    $__toTime - INTERVAL 2 MINUTE AS two,
    minutes AS
    (
        SELECT promise, toStartOfMinute(at) AS minute, sum(p.bad) AS bad, sum(p.total) AS total
        FROM {{promises operations 1 HOUR}} AS p
        WHERE 1 = 1
        AND $__conditionalAll(service IN (${service:singlequote}), $service)
        AND $__conditionalAll(environment IN (${environment:singlequote}), $environment)
        AND $__conditionalAll(release IN (${release:singlequote}), $release)
        GROUP BY promise, minute
    ),
    seen AS
    (
        SELECT
            *,
            sum(bad) OVER back AS bad_since,
            sum(total) OVER back AS total_since,
            sumIf(bad, minute > five) OVER whole / nullIf(sumIf(total, minute > five) OVER whole, 0) AS share_now
        FROM minutes
        WINDOW back AS (PARTITION BY promise ORDER BY minute DESC), whole AS (PARTITION BY promise)
    )
SELECT
    promise AS name,
    multiIf(
        n = 0, 'unknown',
        hits < {{least_bad}}, if(hits > allowed * n, 'strained', 'kept'),
        (bad_2m >= {{least_bad}} AND wilson_low(bad_2m, n_2m) > paging) OR (wilson_low(hits, n) > paging AND (n_2m = 0 OR bad_2m > paging * n_2m)), 'broken',
        wilson_low(hits, n) > paging, 'recovering',
        wilson_low(hits, n) > allowed, 'burning',
        hits > allowed * n, 'strained',
        'kept') AS state,
    if(n > 0, hits / n, NULL) AS value,
    transform(promise, {{promise_names}}, {{promise_allowed}}, 0.) AS allowed,
    {{page_burn}} * allowed AS paging,
    toUInt64(sumIf(bad, minute > five)) AS hits,
    sumIf(total, minute > five) AS n,
    sumIf(bad, minute > two) AS bad_2m,
    sumIf(total, minute > two) AS n_2m,
    if(state IN ('broken', 'recovering'), minOrNullIf(minute, bad > 0 AND bad_since >= 0.8 * share_now * total_since), NULL) AS since
FROM seen
GROUP BY promise
ORDER BY indexOf(['broken', 'recovering', 'burning', 'strained', 'unknown', 'kept'], state), value DESC
