"""Records made by hand, for what the simulated world does not do."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import orjson

from local.producer import Record

_numbers = count()
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def record(
    event: str, ms: int, properties: dict[str, Any], *, user: str = "u-1", device: str | None = None, **context: str
) -> Record:
    """Make a record of an event at a time in ms since 1970; `user` '' is nobody, and `context` is by wire name."""
    made = {
        "type": "track",
        "event": event,
        "messageId": f"made-{next(_numbers)}",
        "timestamp": (EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds"),
        "userId": user or None,
        "anonymousId": device,
        "context": context,
        "properties": properties,
    }
    return (user or device or "").encode(), orjson.dumps(made), ms
