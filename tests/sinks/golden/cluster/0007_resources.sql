-- Resources: database statements, caches, hosts.
--
-- The archive keeps the fingerprint of a statement too: SQL could not compute it, and a recount needs it.

ALTER TABLE events_rows_local ON CLUSTER 'tide'
    ADD COLUMN IF NOT EXISTS fingerprint LowCardinality(String) COMMENT 'of db.query: the statement without its literals'
    AFTER properties;

ALTER TABLE events_rows ON CLUSTER 'tide'
    ADD COLUMN IF NOT EXISTS fingerprint LowCardinality(String) COMMENT 'of db.query: the statement without its literals'
    AFTER properties;

CREATE TABLE IF NOT EXISTS db_queries_rows_local ON CLUSTER 'tide'
(
    window_start    DateTime('UTC') COMMENT 'start of the minute',
    fingerprint     LowCardinality(String) COMMENT 'the statement without its literals',
    database        LowCardinality(String),
    service         LowCardinality(String),
    environment     LowCardinality(String),
    partition       UInt32,
    late_block      UInt64 COMMENT '0: on time; else the block of 65,536 stream offsets, from 1',
    count           UInt64,
    outcomes        UInt64 COMMENT 'queries that carried an outcome',
    errors          UInt64,
    duration_count  UInt64 COMMENT 'queries that carried a duration',
    duration_sum_ns Int64,
    duration_max_ms Nullable(Float64),
    duration_sketch Map(Int16, UInt64) COMMENT 'log-bucket histogram of duration_ms, relative error 1 %',
    rows_sum        Int64 COMMENT 'rows returned or changed',
    version         UInt64 COMMENT 'events in the row; the largest wins'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{shard}/{table}', '{replica}', version)
PARTITION BY toYYYYMM(window_start)
ORDER BY (window_start, fingerprint, database, service, environment, partition, late_block)
TTL window_start + INTERVAL 400 DAY;

CREATE TABLE IF NOT EXISTS db_queries_rows ON CLUSTER 'tide' AS db_queries_rows_local
ENGINE = Distributed('tide', currentDatabase(), 'db_queries_rows_local', partition);

CREATE TABLE IF NOT EXISTS cache_access_rows_local ON CLUSTER 'tide'
(
    window_start DateTime('UTC') COMMENT 'start of the minute',
    cache        LowCardinality(String),
    service      LowCardinality(String),
    environment  LowCardinality(String),
    partition    UInt32,
    late_block   UInt64,
    count        UInt64,
    hits         UInt64,
    version      UInt64
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{shard}/{table}', '{replica}', version)
PARTITION BY toYYYYMM(window_start)
ORDER BY (window_start, cache, service, environment, partition, late_block)
TTL window_start + INTERVAL 400 DAY;

CREATE TABLE IF NOT EXISTS cache_access_rows ON CLUSTER 'tide' AS cache_access_rows_local
ENGINE = Distributed('tide', currentDatabase(), 'cache_access_rows_local', partition);

CREATE TABLE IF NOT EXISTS cache_misses_rows_local ON CLUSTER 'tide'
(
    window_start DateTime('UTC') COMMENT 'start of the ten minutes',
    cache        LowCardinality(String),
    key          String,
    environment  LowCardinality(String),
    partition    UInt32,
    late_block   UInt64,
    misses       UInt64,
    version      UInt64
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{shard}/{table}', '{replica}', version)
PARTITION BY toYYYYMM(window_start)
ORDER BY (window_start, cache, key, environment, partition, late_block)
TTL window_start + INTERVAL 400 DAY;

CREATE TABLE IF NOT EXISTS cache_misses_rows ON CLUSTER 'tide' AS cache_misses_rows_local
ENGINE = Distributed('tide', currentDatabase(), 'cache_misses_rows_local', partition);

CREATE TABLE IF NOT EXISTS resource_usage_rows_local ON CLUSTER 'tide'
(
    window_start       DateTime('UTC') COMMENT 'start of the minute',
    host               LowCardinality(String),
    environment        LowCardinality(String),
    partition          UInt32,
    late_block         UInt64,
    samples            UInt64,
    cpu_count          UInt64 COMMENT 'samples that carried cpu_ratio',
    cpu_sum_millionths Int64,
    cpu_min            Nullable(Float64),
    cpu_max            Nullable(Float64),
    memory_count       UInt64 COMMENT 'samples that carried memory_bytes',
    memory_sum_bytes   Int64,
    memory_min_bytes   Nullable(Float64),
    memory_max_bytes   Nullable(Float64),
    connections_count  UInt64 COMMENT 'samples that carried connections',
    connections_sum    Int64,
    connections_min    Nullable(Float64),
    connections_max    Nullable(Float64),
    version            UInt64
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{shard}/{table}', '{replica}', version)
PARTITION BY toYYYYMM(window_start)
ORDER BY (window_start, host, environment, partition, late_block)
TTL window_start + INTERVAL 400 DAY;

CREATE TABLE IF NOT EXISTS resource_usage_rows ON CLUSTER 'tide' AS resource_usage_rows_local
ENGINE = Distributed('tide', currentDatabase(), 'resource_usage_rows_local', partition);
