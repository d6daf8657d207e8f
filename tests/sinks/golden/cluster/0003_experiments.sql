-- Experiments: who was exposed to which variant (a row is a unit, a variant and an hour), and who reached which goal when.

CREATE TABLE IF NOT EXISTS experiment_exposures_rows_local ON CLUSTER 'tide'
(
    window_start DateTime('UTC') COMMENT 'start of the hour',
    experiment   LowCardinality(String),
    unit         String COMMENT 'the user, or the device where the user is not known',
    variant      LowCardinality(String),
    environment  LowCardinality(String),
    partition    UInt32,
    late_block   UInt64 COMMENT '0: on time; else the block of 65,536 stream offsets, from 1',
    count        UInt64,
    first_ms     Float64 COMMENT 'first exposure in the hour, ms since 1970',
    version      UInt64 COMMENT 'events in the row; the largest wins'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{shard}/{table}', '{replica}', version)
PARTITION BY toYYYYMM(window_start)
ORDER BY (experiment, unit, variant, window_start, environment, partition, late_block)
TTL window_start + INTERVAL 400 DAY;

CREATE TABLE IF NOT EXISTS experiment_exposures_rows ON CLUSTER 'tide' AS experiment_exposures_rows_local
ENGINE = Distributed('tide', currentDatabase(), 'experiment_exposures_rows_local', partition);

CREATE TABLE IF NOT EXISTS experiment_goals_rows_local ON CLUSTER 'tide'
(
    time        DateTime64(3, 'UTC'),
    received_at DateTime64(3, 'UTC') COMMENT 'timestamp of the Kafka record',
    event       LowCardinality(String) COMMENT 'task.completed, estimate.created or goal.…',
    unit        String COMMENT 'the user, or the device where the user is not known',
    environment LowCardinality(String),
    task        LowCardinality(String) COMMENT 'of task.completed',
    completed   Nullable(Bool) COMMENT 'of task.completed; false: given up',
    value       Nullable(Float64) COMMENT 'of goal.…: how much',
    duration_ms Nullable(Float64) COMMENT 'how long it took',
    outcome     LowCardinality(String) COMMENT 'error: it was tried and failed',
    late        Bool,
    partition   UInt32,
    offset      UInt64 COMMENT 'stream offset'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{shard}/{table}', '{replica}')
PARTITION BY toYYYYMM(time)
ORDER BY (event, task, unit, time, partition, offset)
TTL toDateTime(time) + INTERVAL 400 DAY;

CREATE TABLE IF NOT EXISTS experiment_goals_rows ON CLUSTER 'tide' AS experiment_goals_rows_local
ENGINE = Distributed('tide', currentDatabase(), 'experiment_goals_rows_local', partition);
