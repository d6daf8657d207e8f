"""What many would do instead: insert the raw records, and let a materialized view of ClickHouse keep the figures.

`python -m benchmarks.materialized_view RECORDS null|archive` reads so many and ends. With `null` the raw table stores
nothing and only the figures stay; with `archive` the raw records are kept too. Neither knows duplicates, late events or a
ledger, and one malformed record fails its whole insert.
"""

import sys
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import clickhouse_connect
import structlog

from benchmarks.reading import MOST, WAIT_SECONDS, consumer_at_the_beginning, values_of
from cli.logs import set_up
from cli.settings import Settings, settings

log = structlog.get_logger(__name__)

INSERT_RECORDS = 100_000
"""Records of one insert: ClickHouse likes them large."""

FIGURES = """
CREATE TABLE operations
(
    window_start    DateTime('UTC'),
    event           LowCardinality(String),
    service         LowCardinality(String),
    source          LowCardinality(String),
    release         LowCardinality(String),
    environment     LowCardinality(String),
    count           SimpleAggregateFunction(sum, UInt64),
    errors          SimpleAggregateFunction(sum, UInt64),
    duration_sum_ms SimpleAggregateFunction(sum, Float64),
    duration_max_ms SimpleAggregateFunction(max, Nullable(Float64)),
    duration_sketch AggregateFunction(quantilesDD(0.01, 0.5, 0.95, 0.99), Float64)
)
ENGINE = AggregatingMergeTree
ORDER BY (window_start, event, service, source, release, environment)
"""

VIEW = """
CREATE MATERIALIZED VIEW operations_view TO operations AS
SELECT
    toStartOfInterval(
        if(isNull(sent) OR isNull(received), stamp, addMilliseconds(stamp, dateDiff('millisecond', sent, received))),
        INTERVAL 10 SECOND
    ) AS window_start,
    event, service, source, release, environment,
    count() AS count,
    countIf(outcome = 'error') AS errors,
    sum(ifNull(duration, 0)) AS duration_sum_ms,
    max(duration) AS duration_max_ms,
    quantilesDDStateIf(0.01, 0.5, 0.95, 0.99)(assumeNotNull(duration), isNotNull(duration)) AS duration_sketch
FROM ({fields})
GROUP BY ALL
"""


@dataclass(frozen=True, slots=True)
class RawTable:
    """A way to take raw records in.

    Attributes:
        definition: the table `raw`.
        fields: SELECT that gives the view what it reads of a raw record.
        format: the input format in which records are sent, one a line.
    """

    definition: str
    fields: str
    format: str


TABLES = {
    "null": RawTable(
        definition="""
        CREATE TABLE raw
        (
            event      LowCardinality(String),
            timestamp  DateTime64(3, 'UTC'),
            sentAt     Nullable(DateTime64(3, 'UTC')),
            receivedAt Nullable(DateTime64(3, 'UTC')),
            context    Tuple(service String, source String, release String, environment String),
            properties Tuple(duration_ms Nullable(Float64), outcome String)
        )
        ENGINE = Null
        """,
        fields="""
        SELECT
            event, context.service AS service, context.source AS source,
            context.release AS release, context.environment AS environment,
            properties.duration_ms AS duration, properties.outcome AS outcome,
            timestamp AS stamp, sentAt AS sent, receivedAt AS received
        FROM raw
        """,
        format="JSONEachRow",
    ),
    "archive": RawTable(
        definition="""
        CREATE TABLE raw (record String CODEC(ZSTD(1)), inserted_at DateTime DEFAULT now())
        ENGINE = MergeTree ORDER BY inserted_at
        """,
        fields="""
        SELECT
            JSONExtractString(record, 'event') AS event,
            JSONExtractString(record, 'context', 'service') AS service,
            JSONExtractString(record, 'context', 'source') AS source,
            JSONExtractString(record, 'context', 'release') AS release,
            JSONExtractString(record, 'context', 'environment') AS environment,
            JSONExtract(record, 'properties', 'duration_ms', 'Nullable(Float64)') AS duration,
            JSONExtractString(record, 'properties', 'outcome') AS outcome,
            parseDateTime64BestEffort(JSONExtractString(record, 'timestamp'), 3, 'UTC') AS stamp,
            parseDateTime64BestEffortOrNull(JSONExtractString(record, 'sentAt'), 3, 'UTC') AS sent,
            parseDateTime64BestEffortOrNull(JSONExtractString(record, 'receivedAt'), 3, 'UTC') AS received
        FROM raw
        """,
        format="JSONAsString",
    ),
}


def main(records: int, kind: str) -> None:
    """Read `records` records into the raw table."""
    set_up("json")
    config, table = settings(), TABLES[kind]
    client = connected(config)
    for statement in (table.definition, FIGURES, VIEW.format(fields=table.fields)):
        client.command(statement)
    consumer = consumer_at_the_beginning(config)
    log.info("reading")
    left, waiting = records, list[bytes]()
    while left > 0:
        values = values_of(consumer.consume(MOST, WAIT_SECONDS))
        left -= len(values)
        waiting += values
        if waiting and (len(waiting) >= INSERT_RECORDS or left <= 0):
            insert(client, table, waiting)
            consumer.commit(asynchronous=True)
            waiting = []
    log.info("stored")
    consumer.close()


def insert(client: Any, table: RawTable, records: list[bytes]) -> None:
    """Insert records and wait until they, and the view's rows, are stored."""
    client.raw_insert(
        "raw",
        column_names=["record"] if table.format == "JSONAsString" else None,
        insert_block=b"\n".join(records),
        fmt=table.format,
        settings={"input_format_skip_unknown_fields": 1, "date_time_input_format": "best_effort", "async_insert": 0},
    )


def connected(config: Settings) -> Any:
    """Open a connection to ClickHouse."""
    url = urlsplit(config.clickhouse_url)
    return clickhouse_connect.get_client(
        host=url.hostname, port=url.port, database=config.database, compress=False, autogenerate_session_id=False
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
