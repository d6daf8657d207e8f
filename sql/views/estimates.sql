-- Estimates with their latest state, one row each. Attempts that failed (`outcome` = error) do not count.
--
-- `unit` is who created it. `created_at`, and what only the creation tells, is unknown where the creation was not seen (it lies before
-- the first event kept, 400 days). `creation_minutes` is the time that creating it took, `used_library` whether any of its elements
-- came from the library, `revisions` how often it was saved anew, `estimated_cost` the latest total, `status` open or closed.
CREATE OR REPLACE VIEW estimates AS
SELECT
    estimate_id,
    argMinIf(e.unit, e.time, e.event = 'estimate.created') AS unit,
    argMax(e.tenant_id, (e.tenant_id != '', e.time)) AS tenant_id,
    argMax(e.environment, (e.environment != '', e.time)) AS environment,
    minOrNullIf(e.time, e.event = 'estimate.created') AS created_at,
    argMinOrNullIf(e.duration_ms, e.time, e.event = 'estimate.created') / 60000 AS creation_minutes,
    argMaxOrNull(e.elements_count, e.time) AS elements_count,
    argMaxOrNull(e.library_items_count, e.time) AS library_items_count,
    toBool(library_items_count > 0) AS used_library,
    argMaxOrNull(e.used_bulk, e.time) AS used_bulk,
    argMaxOrNull(e.used_spreadsheet, e.time) AS used_spreadsheet,
    arrayMax([
        toUInt64(ifNull(max(e.revision), 0)),
        toUInt64(ifNull(max(e.revisions_count), 0)),
        countIf(e.event = 'estimate.revised' AND e.revision IS NULL)]) AS revisions,
    argMaxOrNull(e.estimated_cost, (e.event = 'estimate.closed', e.time)) AS estimated_cost,
    argMaxOrNull(e.actual_cost, e.time) AS actual_cost,
    argMax(e.currency, (e.currency != '', e.time)) AS currency,
    maxOrNullIf(e.time, e.event = 'estimate.closed') AS closed_at,
    if(closed_at IS NULL, 'open', 'closed') AS status,
    max(e.time) AS changed_at
FROM estimates_rows AS e FINAL
WHERE e.outcome != 'error'
GROUP BY estimate_id;
