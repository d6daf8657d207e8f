CREATE TABLE IF NOT EXISTS schema_migrations ON CLUSTER 'tide'
(
    number     UInt32,
    name       String,
    digest     String COMMENT 'SHA-256 of the file',
    applied_at DateTime DEFAULT now()
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/all/{table}', '{shard}-{replica}', applied_at)
ORDER BY number;
