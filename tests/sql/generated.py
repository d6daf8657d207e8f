"""Events of every kind that the catalog knows, with odd values in them: what a recount must get right."""

import json
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from local.producer import Record
from pipelines.sketch import BOUNDS
from schemas.catalog import CATALOG
from schemas.shape import Shape, shapes

SPREAD_S = 5 * 3600
"""Over so long the events spread; the newest are some minutes old."""
LATE_SHARE, TWICE_SHARE, BROKEN_SHARE = 0.03, 0.02, 0.01


def generated(seed: int, count: int) -> Iterator[Record]:
    """Give records (key, value, timestamp in ms), in the order of their timestamps."""
    dice = random.Random(seed)
    start = int(time.time()) // 3600 * 3600 - 2 * SPREAD_S
    for number in range(count):
        now = start + SPREAD_S * number / count
        value = json.dumps(_record(dice, f"m-{number}", now), ensure_ascii=dice.random() < 0.5).encode()
        if dice.random() < BROKEN_SHARE:
            value = value[:-2]
        key = str(dice.randrange(30)).encode()
        for _ in range(1 + (dice.random() < TWICE_SHARE)):
            yield key, value, int(now * 1000)


def _record(dice: random.Random, message_id: str, now: float) -> dict[str, Any]:
    event = dice.choice([*CATALOG, *CATALOG, "unheard.of"]).replace("*", "own")
    moment = now - dice.random() * (SPREAD_S if dice.random() < LATE_SHARE else 20)
    context = {
        name: dice.choice(["", "a", "b", "ü"]) for name in ("source", "service", "release", "environment", "tenantId")
    }
    record: dict[str, Any] = {
        "type": "track",
        "event": event,
        "messageId": message_id,
        "timestamp": datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds"),
        "context": {**_some(dice, context), "sessionId": f"s-{dice.randrange(9)}"},
        "properties": {"not declared": 3, **_properties(dice, event)},
    }
    persons = {"userId": dice.choice(["", "u-1", "u-2", "u'3\\"]), "anonymousId": dice.choice(["", "a-1", "a-2"])}
    return {**record, **_some(dice, persons)}


def _properties(dice: random.Random, event: str) -> dict[str, Any]:
    model = CATALOG.get(event, CATALOG["goal.*"])
    known = shapes(model)
    required = {shape.wire_name: _value(dice, shape) for shape in known if shape.required}
    optional = {shape.wire_name: _value(dice, shape) for shape in known if not shape.required}
    # Members that another event declares are nobody's business here.
    foreign = {"hit": True, "action": "shown", "value": 7, "feature": "x"}
    foreign = {name: value for name, value in foreign.items() if name not in {shape.wire_name for shape in known}}
    return {**_some(dice, foreign, 0.1), **_some(dice, optional, 0.8), **required}


def _some(dice: random.Random, members: dict[str, Any], share: float = 0.75) -> dict[str, Any]:
    """Leave members out or make them null."""
    kept = {name: value for name, value in members.items() if dice.random() < share}
    return {name: None if dice.random() < 0.05 else value for name, value in kept.items()}


def _value(dice: random.Random, shape: Shape) -> Any:
    if shape.choices:
        return dice.choice(shape.choices)
    if shape.base is bool:
        return dice.random() < 0.5
    if shape.base is datetime:
        return dice.choice(["2026-11-23T19:04:00Z", "2026-11-23T19:04:00.123456+05:30"])
    if shape.base is str:
        return _text(dice, shape)
    lowest, highest = shape.ge or 0, min(shape.le or 0, 1e6)
    if shape.base is int:
        return dice.choice([int(lowest), dice.randint(int(lowest), int(highest)), min(int(lowest) + 3, int(highest))])
    # Bounds of buckets, where a logarithm rounds either way; and halves, where a sum does.
    bound = float(dice.choice(BOUNDS[(lowest <= BOUNDS) & (highest >= BOUNDS)]))
    return dice.choice([lowest, 0.0, 1e-7, 0.0000005, bound, min(dice.random() * 1000, highest), min(2.5, highest)])


def _text(dice: random.Random, shape: Shape) -> str:
    if shape.name == "statement":
        return dice.choice(
            [
                f"SELECT a FROM t WHERE b = {dice.randrange(9)}",
                f"select  a from t where b='{dice.randrange(9)}'",
                "load",
            ]
        )
    texts = ["x", "y", 'quo"te\\', "it's", "日本\n", "EUR", "{}"]
    if shape.min_length == 3:
        return "EUR"
    return dice.choice(texts if shape.min_length else [*texts, ""])[: shape.max_length]
