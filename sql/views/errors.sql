-- Errors raised and recovered from: one row a 10 s window, event, kind, code, service, source, release and environment.
CREATE OR REPLACE VIEW errors AS
SELECT
    window_start,
    event,
    kind,
    code,
    service,
    source,
    release,
    environment,
    sum(r.count) AS count,
    sum(r.handled) AS handled
FROM errors_rows AS r FINAL
GROUP BY window_start, event, kind, code, service, source, release, environment;
