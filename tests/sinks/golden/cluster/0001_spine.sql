-- The spine: operations, errors, the archive, dead letters, the ledger.
--
-- A row of a rollup is the whole state of its key, so a newer version replaces an older one and writing twice changes
-- nothing. Tables are partitioned by month, never finer: a backfill of 400 days must fit into one insert.

CREATE TABLE IF NOT EXISTS operations_rows_local ON CLUSTER 'tide'
(
    window_start    DateTime('UTC') COMMENT 'start of the 10 s window',
    event           LowCardinality(String) COMMENT 'name of the event',
    service         LowCardinality(String),
    source          LowCardinality(String),
    release         LowCardinality(String),
    environment     LowCardinality(String),
    partition       UInt32 COMMENT 'Kafka partition',
    late_block      UInt64 COMMENT '0: on time; else the block of 65,536 stream offsets, from 1',
    count           UInt64,
    outcomes        UInt64 COMMENT 'events that carried an outcome',
    errors          UInt64,
    duration_count  UInt64 COMMENT 'events that carried a duration',
    duration_sum_ns Int64,
    duration_max_ms Nullable(Float64),
    duration_sketch Map(Int16, UInt64) COMMENT 'log-bucket histogram of duration_ms, relative error 1 %',
    version         UInt64 COMMENT 'events in the row; the largest wins'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{shard}/{table}', '{replica}', version)
PARTITION BY toYYYYMM(window_start)
ORDER BY (window_start, event, service, source, release, environment, partition, late_block)
TTL window_start + INTERVAL 400 DAY;

CREATE TABLE IF NOT EXISTS operations_rows ON CLUSTER 'tide' AS operations_rows_local
ENGINE = Distributed('tide', currentDatabase(), 'operations_rows_local', partition);

CREATE TABLE IF NOT EXISTS errors_rows_local ON CLUSTER 'tide'
(
    window_start DateTime('UTC') COMMENT 'start of the 10 s window',
    event        LowCardinality(String) COMMENT 'error.raised or error.recovered',
    kind         LowCardinality(String),
    code         LowCardinality(String),
    service      LowCardinality(String),
    source       LowCardinality(String),
    release      LowCardinality(String),
    environment  LowCardinality(String),
    partition    UInt32,
    late_block   UInt64,
    count        UInt64,
    handled      UInt64 COMMENT 'errors that the application says it handled',
    version      UInt64
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{shard}/{table}', '{replica}', version)
PARTITION BY toYYYYMM(window_start)
ORDER BY (window_start, event, kind, code, service, source, release, environment, partition, late_block)
TTL window_start + INTERVAL 400 DAY;

CREATE TABLE IF NOT EXISTS errors_rows ON CLUSTER 'tide' AS errors_rows_local
ENGINE = Distributed('tide', currentDatabase(), 'errors_rows_local', partition);

CREATE TABLE IF NOT EXISTS ledger_rows_local ON CLUSTER 'tide'
(
    window_start DateTime('UTC') COMMENT 'minute of the Kafka timestamp',
    partition    UInt32,
    late_block   UInt64 COMMENT 'block of 65,536 stream offsets, from 1',
    received     UInt64,
    counted      UInt64,
    duplicate    UInt64,
    rejected     UInt64,
    late         UInt64,
    version      UInt64
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{shard}/{table}', '{replica}', version)
PARTITION BY toYYYYMM(window_start)
ORDER BY (window_start, partition, late_block)
TTL window_start + INTERVAL 800 DAY;

CREATE TABLE IF NOT EXISTS ledger_rows ON CLUSTER 'tide' AS ledger_rows_local
ENGINE = Distributed('tide', currentDatabase(), 'ledger_rows_local', partition);

CREATE TABLE IF NOT EXISTS events_rows_local ON CLUSTER 'tide'
(
    time         DateTime64(3, 'UTC') COMMENT 'when it happened, corrected for the emitter''s clock',
    received_at  DateTime64(3, 'UTC') COMMENT 'timestamp of the Kafka record',
    event        LowCardinality(String),
    message_id   String,
    user_id      String,
    anonymous_id String,
    session_id   String,
    tenant_id    LowCardinality(String),
    source       LowCardinality(String),
    service      LowCardinality(String),
    release      LowCardinality(String),
    environment  LowCardinality(String),
    duration_ms  Nullable(Float64),
    outcome      LowCardinality(String),
    properties   String COMMENT 'JSON, as it came' CODEC(ZSTD(1)),
    late         Bool,
    partition    UInt32,
    offset       UInt64 COMMENT 'stream offset',
    inserted_at  DateTime DEFAULT now()
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{shard}/{table}', '{replica}')
PARTITION BY toYYYYMM(time)
ORDER BY (event, time, partition, offset)
TTL inserted_at + INTERVAL 30 DAY;

CREATE TABLE IF NOT EXISTS events_rows ON CLUSTER 'tide' AS events_rows_local
ENGINE = Distributed('tide', currentDatabase(), 'events_rows_local', partition);

CREATE TABLE IF NOT EXISTS rejected_events_rows_local ON CLUSTER 'tide'
(
    received_at DateTime64(3, 'UTC') COMMENT 'timestamp of the Kafka record',
    partition   UInt32,
    offset      UInt64 COMMENT 'stream offset',
    reason      LowCardinality(String),
    detail      String,
    payload     String COMMENT 'its bytes, as they came',
    inserted_at DateTime DEFAULT now()
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{shard}/{table}', '{replica}')
PARTITION BY toYYYYMM(received_at)
ORDER BY (received_at, partition, offset)
TTL inserted_at + INTERVAL 7 DAY;

CREATE TABLE IF NOT EXISTS rejected_events_rows ON CLUSTER 'tide' AS rejected_events_rows_local
ENGINE = Distributed('tide', currentDatabase(), 'rejected_events_rows_local', partition);
