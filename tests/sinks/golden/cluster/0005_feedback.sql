-- Feedback: what users say, one by one, and support tickets counted.

CREATE TABLE IF NOT EXISTS feedback_rows_local ON CLUSTER 'tide'
(
    time        DateTime64(3, 'UTC'),
    received_at DateTime64(3, 'UTC') COMMENT 'timestamp of the Kafka record',
    unit        String COMMENT 'the user, or the device where the user is not known',
    session_id  String,
    tenant_id   LowCardinality(String),
    environment LowCardinality(String),
    release     LowCardinality(String),
    kind        LowCardinality(String) COMMENT 'nps, rating, bug, feature_request or comment',
    score       Nullable(Float64) COMMENT '0 to 10 for nps, 1 to 5 for rating',
    feature     LowCardinality(String),
    area        LowCardinality(String),
    text        String COMMENT 'what the user wrote' CODEC(ZSTD(1)),
    late        Bool,
    partition   UInt32,
    offset      UInt64 COMMENT 'stream offset'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{shard}/{table}', '{replica}')
PARTITION BY toYYYYMM(time)
ORDER BY (kind, time, partition, offset)
TTL toDateTime(time) + INTERVAL 400 DAY;

CREATE TABLE IF NOT EXISTS feedback_rows ON CLUSTER 'tide' AS feedback_rows_local
ENGINE = Distributed('tide', currentDatabase(), 'feedback_rows_local', partition);

CREATE TABLE IF NOT EXISTS support_tickets_rows_local ON CLUSTER 'tide'
(
    window_start DateTime('UTC') COMMENT 'start of the hour',
    area         LowCardinality(String),
    severity     LowCardinality(String),
    environment  LowCardinality(String),
    partition    UInt32,
    late_block   UInt64 COMMENT '0: on time; else the block of 65,536 stream offsets, from 1',
    count        UInt64,
    version      UInt64 COMMENT 'events in the row; the largest wins'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{shard}/{table}', '{replica}', version)
PARTITION BY toYYYYMM(window_start)
ORDER BY (window_start, area, severity, environment, partition, late_block)
TTL window_start + INTERVAL 400 DAY;

CREATE TABLE IF NOT EXISTS support_tickets_rows ON CLUSTER 'tide' AS support_tickets_rows_local
ENGINE = Distributed('tide', currentDatabase(), 'support_tickets_rows_local', partition);
