"""Events made by hand, for what the simulated world does not do."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson

from local.producer import Record
from pipelines.facts import Facts
from pipelines.rollup import Rollup
from sinks.clickhouse import ClickHouse
from tests.endpoint import feed

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000

Context = dict[str, str]
PRODUCTION: Context = {"environment": "production"}


def at(text: str) -> int:
    """Give a moment (UTC, in ISO format) in ms since 1970."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def made(
    event: str,
    ms: int,
    user: str | None = None,
    device: str | None = None,
    context: Context = PRODUCTION,
    **properties: Any,
) -> Record:
    """Make the record of an event; two that are equal in everything are one."""
    message = {
        "type": "track",
        "event": event,
        "messageId": sha256(repr((event, ms, user, device, context, properties)).encode()).hexdigest(),
        "timestamp": datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds"),
        "userId": user,
        "anonymousId": device,
        "context": context,
        "properties": properties,
    }
    return (user or device or event).encode(), orjson.dumps(message), ms


def feed_with_a_crash(
    store: ClickHouse, records: Iterable[Record], rollups: Sequence[Rollup], facts: Sequence[Facts]
) -> None:
    """Feed records in the order of their time, the first half twice: older versions of rows lie beside the newer ones then."""
    stream = sorted(records, key=lambda record: record[2] or 0)
    feed(store, stream[: len(stream) // 2], rollups, facts)
    feed(store, stream, rollups, facts)
