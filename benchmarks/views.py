"""`make bench-views`: how long does each view take to answer what a dashboard asks, on weeks of many users?

The stream goes through the shard straight into ClickHouse, without Kafka: what is measured are the views.
"""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import typer
import xxhash

from benchmarks.ground import Ground, ground
from cli.terminal import FAILED, INTERRUPTED, err, fail
from local.producer import Record
from local.simulator.simulator import Plan, Simulator
from pipelines.microbatch import MicroBatch
from pipelines.pseudonyms import Pseudonyms
from pipelines.rollups import FACTS, ROLLUPS
from pipelines.shard import Shard, ShardConfig
from sinks.clickhouse import ClickHouse, StoreRefusedError

PARTITIONS = 4
STEP = 40_000
KEY = b"no secret: the persons of a benchmark are made up"
VIEWS = Path(__file__).parents[1] / "sql" / "views"
BAR_SECONDS = 1.0
REPEATS = 3

FILLED_BY_PEOPLE = (
    "INSERT INTO hourly_rates (valid_from, amount, currency) VALUES ('{since}', 50, 'EUR')",
    "INSERT INTO costs (month, kind, amount, currency) VALUES ('{since}', 'one_time', 20000, 'EUR')",
)
"""Without a rate and a cost the view `roi` has nothing to work out."""

Question = tuple[str, str]
"""A view and what a dashboard asks of it; `{since}`, `{day}` and `{until}` are put in."""

RANGE = "BETWEEN '{since}' AND '{until}'"
DASHBOARD: dict[str, str] = {
    "operations_hourly": "SELECT window_start AS t, event, sum(count), sum(errors), "
    f"latency_quantiles(sumMap(duration_sketch)) FROM operations_hourly WHERE window_start {RANGE} GROUP BY t, event ORDER BY t",
    "operations": "SELECT toStartOfInterval(window_start, INTERVAL 5 MINUTE) AS t, event, sum(count), sum(errors), "
    "latency_quantiles(sumMap(duration_sketch)) FROM operations WHERE window_start >= '{day}' GROUP BY t, event ORDER BY t",
    "errors": f"SELECT toStartOfHour(window_start) AS t, kind, sum(count) FROM errors WHERE window_start {RANGE} "
    "GROUP BY t, kind ORDER BY t",
    "ledger": f"SELECT toStartOfHour(minute) AS t, sum(received), sum(counted), sum(rejected), sum(late) FROM ledger "
    f"WHERE minute {RANGE} GROUP BY t ORDER BY t",
    "events": "SELECT time, message_id, properties FROM events WHERE event = 'library.search' AND time >= '{day}' "
    "ORDER BY duration_ms DESC LIMIT 20",
    "rejected_events": "SELECT toStartOfHour(received_at) AS t, reason, count() FROM rejected_events GROUP BY ALL ORDER BY t",
    "unit_activity": f"SELECT toDate(hour) AS day, uniqExact(unit), sum(events) FROM unit_activity WHERE hour {RANGE} "
    "GROUP BY day ORDER BY day",
    "feature_usage": f"SELECT toDate(hour) AS day, feature, uniqExact(unit), sum(uses) FROM feature_usage WHERE hour {RANGE} "
    "GROUP BY day, feature ORDER BY day",
    "adoption_daily": "SELECT * FROM adoption_daily WHERE day >= toDate('{since}') ORDER BY day",
    "adoption_funnel": "SELECT * FROM adoption_funnel(flag = 'new-editor')",
    "experiment_results": "SELECT * FROM experiment_results(experiment = 'search_ranking', goal = 'find_item', "
    "window_hours = 24)",
    "experiment_conversions": "SELECT * FROM experiment_conversions(experiment = 'search_ranking', goal = 'find_item')",
    "experiment_exposures": "SELECT experiment, variant, uniqExact(unit) FROM experiment_exposures GROUP BY ALL",
    "experiment_goals": f"SELECT goal, toDate(time) AS day, count() FROM experiment_goals WHERE time {RANGE} GROUP BY ALL",
    "journey_funnel": "SELECT * FROM journey_funnel(journey = 'first_estimate', hours = 24)",
    "journey_steps": f"SELECT journey, step, count() FROM journey_steps WHERE time {RANGE} GROUP BY ALL",
    "nps": "SELECT * FROM nps(period = 'week')",
    "roi": "SELECT * FROM roi(currency = 'EUR')",
    "feedback": f"SELECT * FROM feedback WHERE time {RANGE} ORDER BY time DESC LIMIT 100",
    "estimates": "SELECT toDate(created_at) AS day, count(), avg(creation_minutes) FROM estimates "
    f"WHERE created_at {RANGE} GROUP BY day",
    "db_queries": f"SELECT toStartOfHour(minute) AS t, sum(count), sum(errors) FROM db_queries WHERE minute {RANGE} GROUP BY t",
    "slow_queries": "SELECT * FROM slow_queries(since = '{since}', until = '{until}') ORDER BY total_ms DESC LIMIT 20",
    "cache_access": f"SELECT toStartOfHour(minute) AS t, cache, sum(hits) / sum(count) FROM cache_access WHERE minute {RANGE} "
    "GROUP BY t, cache",
    "cache_misses": "SELECT * FROM cache_misses(since = '{since}', until = '{until}') ORDER BY misses DESC LIMIT 20",
    "resource_usage": f"SELECT toStartOfHour(minute) AS t, host, max(cpu_max) FROM resource_usage WHERE minute {RANGE} "
    "GROUP BY t, host",
    "availability_minutes": f"SELECT target, state, count() FROM availability_minutes WHERE minute {RANGE} GROUP BY ALL",
    "data_access": "SELECT * FROM data_access WHERE time >= '{day}' ORDER BY time DESC LIMIT 100",
    "unusual_access": "SELECT * FROM unusual_access WHERE day >= toDate('{since}') AND unusual",
}
"""What is asked of a view where `SELECT *` is not what a dashboard would ask."""


def main(
    days: Annotated[float, typer.Option(min=1, help="Days of the stream.")] = 28,
    users: Annotated[int, typer.Option(min=10, help="Users in it.")] = 20_000,
) -> None:
    """Fill a fresh ClickHouse with simulated weeks and time every view; prints a table in Markdown.

    Exit codes: 0 every view answers in time; 1 one does not; 130 Ctrl-C.
    """
    until = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    since = until - timedelta(days=days)
    plan = Plan(since.timestamp(), seed=28, users=users, days=days)
    try:
        with TemporaryDirectory(prefix="tidegauge-views-") as folder, ground(Path(folder)) as found:
            run = found.run("weeks", "weeks")
            with found.database(run, migrated=True) as store:
                sent, took = fill(found, run.name, plan, Path(folder) / "ids")
                for statement in FILLED_BY_PEOPLE:
                    store.command(statement.format(since=f"{since:%Y-%m-%d}"))
                err.print(f"[dim]{sent:,} records in {took:,.0f} s; now the views[/]")
                rows = [(name, *timed(store, _question(name, text, since, until))) for name, text in questions()]
    except StoreRefusedError as error:
        fail(str(error))
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    typer.echo(
        f"{days:g} days of {users:,} users: {sent:,} records.\n\n| view | rows | median s | slowest s | in time |"
    )
    typer.echo("|---|---|---|---|---|")
    for name, size, middle, slowest in sorted(rows, key=lambda row: -row[3]):
        in_time = "yes" if slowest <= BAR_SECONDS else "**no**"
        typer.echo(f"| {name} | {size:,} | {middle:.2f} | {slowest:.2f} | {in_time} |")
    if any(row[3] > BAR_SECONDS for row in rows):
        raise typer.Exit(FAILED)


def questions() -> list[Question]:
    """Give a question for every view there is."""
    views = sorted(path.stem for path in VIEWS.glob("*.sql"))
    plain = [(view, f"SELECT * FROM {view}") for view in views if view not in DASHBOARD]
    return sorted([*DASHBOARD.items(), *plain])


def _question(name: str, text: str, since: datetime, until: datetime) -> str:
    moments = {"since": since, "until": until, "day": until - timedelta(days=1)}
    return text.format(**{key: moment.strftime("%Y-%m-%d %H:%M:%S") for key, moment in moments.items()})


def timed(store: ClickHouse, query: str) -> tuple[int, float, float]:
    """Ask some times; give how many rows came, and the median and the longest time in seconds."""
    seconds, rows = [], 0
    for _ in range(REPEATS):
        began = time.monotonic()
        rows = len(store.table(query)[1])
        seconds.append(time.monotonic() - began)
    return rows, median(seconds), max(seconds)


def fill(found: Ground, database: str, plan: Plan, folder: Path) -> tuple[int, float]:
    """Take a simulation through a shard into the tables; give how many records there were, and the seconds it took."""
    began, sent = time.monotonic(), 0
    simulator = Simulator(plan)
    shard = Shard(ShardConfig(folder, ids=Pseudonyms(KEY)), ROLLUPS, FACTS)
    stream = (record for batch in simulator.events() for record in batch)
    offsets = [0] * PARTITIONS
    store = found.store(database)
    with ThreadPoolExecutor(1) as writer, err.status("filling") as status:
        under_way: Future[None] | None = None
        while records := list(islice(stream, STEP)):
            sent += len(records)
            status.update(f"filling: {sent:,} records, {datetime.fromtimestamp(simulator.now, UTC):%Y-%m-%d}")
            rows = shard.step(list(_batches(records, offsets)), time.monotonic()).rows
            if under_way is not None:
                under_way.result()
            under_way = writer.submit(_write, store, [(own.table, own.data) for own in rows])
        if under_way is not None:
            under_way.result()
        _write(store, [(own.table, own.data) for own in shard.take_due(0.0, everything=True)])
    store.close()
    return sent, time.monotonic() - began


def _write(store: ClickHouse, tables: Sequence[tuple[str, object]]) -> None:
    for table, rows in tables:
        store.insert(table, rows)


def _batches(records: Sequence[Record], offsets: list[int]) -> Iterator[MicroBatch]:
    """Share records out to partitions by key; `offsets` counts on."""
    shares: list[list[Record]] = [[] for _ in range(PARTITIONS)]
    for record in records:
        shares[xxhash.xxh3_64_intdigest(record[0]) % PARTITIONS].append(record)
    for partition, own in enumerate(shares):
        if own:
            numbers = np.arange(offsets[partition], offsets[partition] + len(own), dtype=np.int64)
            times = np.array([moment for _, _, moment in own], dtype=np.int64)
            offsets[partition] += len(own)
            yield MicroBatch(partition, numbers, times, [value for _, value, _ in own])


if __name__ == "__main__":
    typer.run(main)
