-- Estimates: the events of their life, what sessions take from the library, and what people fill in: hourly rates and costs.

CREATE TABLE IF NOT EXISTS estimates_rows_local ON CLUSTER 'tide'
(
    time                DateTime64(3, 'UTC'),
    received_at         DateTime64(3, 'UTC') COMMENT 'timestamp of the Kafka record',
    event               LowCardinality(String) COMMENT 'estimate.created, estimate.revised or estimate.closed',
    unit                String COMMENT 'the user, or the device where the user is not known',
    session_id          String,
    tenant_id           LowCardinality(String),
    environment         LowCardinality(String),
    estimate_id         String,
    duration_ms         Nullable(Float64) COMMENT 'of estimate.created: the time that creating it took',
    outcome             LowCardinality(String),
    elements_count      Nullable(UInt32),
    library_items_count Nullable(UInt32) COMMENT 'elements that came from the library',
    used_bulk           Nullable(Bool),
    used_spreadsheet    Nullable(Bool),
    estimated_cost      Nullable(Float64),
    actual_cost         Nullable(Float64),
    currency            LowCardinality(String),
    revision            Nullable(UInt32) COMMENT 'number of the revision; the first version is 0',
    revisions_count     Nullable(UInt32) COMMENT 'of estimate.closed: revisions in all',
    late                Bool,
    partition           UInt32,
    offset              UInt64 COMMENT 'stream offset'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{shard}/{table}', '{replica}')
PARTITION BY toYYYYMM(time)
ORDER BY (estimate_id, time, partition, offset)
TTL toDateTime(time) + INTERVAL 400 DAY;

CREATE TABLE IF NOT EXISTS estimates_rows ON CLUSTER 'tide' AS estimates_rows_local
ENGINE = Distributed('tide', currentDatabase(), 'estimates_rows_local', partition);

CREATE TABLE IF NOT EXISTS library_sessions_rows_local ON CLUSTER 'tide'
(
    window_start DateTime('UTC') COMMENT 'start of the hour',
    event        LowCardinality(String) COMMENT 'library.search, library.item_selected or library.item_created',
    unit         String COMMENT 'the user, or the device where the user is not known',
    session_id   String,
    environment  LowCardinality(String),
    partition    UInt32,
    late_block   UInt64 COMMENT '0: on time; else the block of 65,536 stream offsets, from 1',
    count        UInt64,
    errors       UInt64 COMMENT 'those that failed',
    version      UInt64 COMMENT 'events in the row; the largest wins'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{shard}/{table}', '{replica}', version)
PARTITION BY toYYYYMM(window_start)
ORDER BY (window_start, event, unit, session_id, environment, partition, late_block)
TTL window_start + INTERVAL 400 DAY;

CREATE TABLE IF NOT EXISTS library_sessions_rows ON CLUSTER 'tide' AS library_sessions_rows_local
ENGINE = Distributed('tide', currentDatabase(), 'library_sessions_rows_local', partition);

CREATE TABLE IF NOT EXISTS hourly_rates ON CLUSTER 'tide'
(
    valid_from Date COMMENT 'the rate holds from the month of this day until a later one',
    amount     Float64 COMMENT 'what an hour of the people who estimate costs',
    currency   LowCardinality(String) COMMENT 'ISO 4217 code',
    note       String,
    entered_at DateTime DEFAULT now(),
    CONSTRAINT amount_is_positive CHECK amount > 0,
    CONSTRAINT currency_is_a_code CHECK length(currency) = 3
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/all/{table}', '{shard}-{replica}', entered_at)
ORDER BY (valid_from);

CREATE TABLE IF NOT EXISTS costs ON CLUSTER 'tide'
(
    month      Date COMMENT 'any day of the month in which the cost falls due',
    kind       LowCardinality(String) COMMENT 'one_time, or monthly: every month from this one on',
    amount     Float64 COMMENT 'negative to take back, or to lower a monthly cost from this month on',
    currency   LowCardinality(String) COMMENT 'ISO 4217 code',
    note       String,
    entered_at DateTime DEFAULT now(),
    CONSTRAINT kind_is_known CHECK kind IN ('one_time', 'monthly'),
    CONSTRAINT amount_is_a_number CHECK isFinite(amount),
    CONSTRAINT currency_is_a_code CHECK length(currency) = 3
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{database}/all/{table}', '{shard}-{replica}')
ORDER BY (month, kind);
