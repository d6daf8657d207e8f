-- What hosts use: CPU, memory and connections, one row a minute, host and environment.
--
-- Smallest, mean and largest of the minute's samples. A mean is of the samples that carried the figure (`cpu_count` and so on; it
-- is NULL where none did). Over a longer time weigh the means by these counts. `cpu` is a share of all processors, 0 to 1.
CREATE OR REPLACE VIEW resource_usage AS
SELECT
    window_start AS minute,
    host,
    environment,
    sum(r.samples) AS samples,
    sum(r.cpu_count) AS cpu_count,
    min(r.cpu_min) AS cpu_min,
    sum(r.cpu_sum_millionths) / nullIf(cpu_count, 0) / 1e6 AS cpu_mean,
    max(r.cpu_max) AS cpu_max,
    sum(r.memory_count) AS memory_count,
    min(r.memory_min_bytes) AS memory_min_bytes,
    sum(r.memory_sum_bytes) / nullIf(memory_count, 0) AS memory_mean_bytes,
    max(r.memory_max_bytes) AS memory_max_bytes,
    sum(r.connections_count) AS connections_count,
    min(r.connections_min) AS connections_min,
    sum(r.connections_sum) / nullIf(connections_count, 0) AS connections_mean,
    max(r.connections_max) AS connections_max
FROM resource_usage_rows AS r FINAL
GROUP BY minute, host, environment;
