-- title: Error budget left
-- section: Traffic
-- place: 50
-- unit: share
-- plot: bars
-- width: 4
-- alerts: LibrarySearchSlow, FactorCalculationSlow, PageLoadSlow, ApplicationErrors, DatabaseErrors, ApplicationDown, DatabaseDown
-- think: A budget near zero says: no risky release now; below zero the promise of the last 30 days is broken.
-- definition: 1 minus bad events over those that the promise allows, of the 30 days that end with the range. 100 % is untouched, below 0 overspent.
-- freshness: about 15 s after the event
-- evidence: 100
SELECT
    promise AS label,
    1 - hits / nullIf(transform(promise, {{promise_names}}, {{promise_allowed}}, 0.) * n, 0) AS value,
    toUInt64(sum(bad)) AS hits,
    sum(total) AS n
FROM {{promises operations_hourly 30 DAY}}
WHERE 1 = 1
AND $__conditionalAll(service IN (${service:singlequote}), $service)
AND $__conditionalAll(environment IN (${environment:singlequote}), $environment)
AND $__conditionalAll(release IN (${release:singlequote}), $release)
GROUP BY promise
ORDER BY value
