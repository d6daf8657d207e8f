-- every: 30s
-- labels: table
-- name: tidegauge_table_parts
-- help: Active parts in the fullest partition of the table.
SELECT table, max(parts)
FROM
(
    SELECT table, partition, count() AS parts
    FROM system.parts
    WHERE active AND database = currentDatabase()
    GROUP BY table, partition
)
GROUP BY table
ORDER BY max(parts) DESC
LIMIT 100
