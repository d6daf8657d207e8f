"""Reads the pass and fail examples: one NDJSON file per event family, one record with its verdict a line.

A line has `name`, `expect` (`ok` or the reason) and the record, in one of four forms: `event` and `properties` (put
into a plain envelope), `record` (a whole JSON object), `text` (the record's very text; `@` is filled with
`fill` = [text, times], `~` with `close`) or `base64` (its bytes).
"""

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "examples"


@dataclass(frozen=True)
class Example:
    """One record and the verdict that it must get."""

    family: str
    name: str
    expect: str
    raw: bytes
    event: str


def examples() -> list[Example]:
    """Return all examples."""
    files = sorted(FOLDER.glob("*.ndjson"))
    return [_example(file.stem, json.loads(line)) for file in files for line in file.read_text("utf-8").splitlines()]


def plain_record(event: str, properties: dict[str, Any]) -> dict[str, Any]:
    """Return a record with nothing in its envelope but what is required."""
    return {
        "type": "track",
        "event": event,
        "messageId": "m-1",
        "timestamp": "2026-11-23T19:04:00.123Z",
        "properties": properties,
    }


def _example(family: str, line: dict[str, Any]) -> Example:
    name = f"{family}: {line.get('event', '')} {line['name']}"
    return Example(family, name, line["expect"], _raw(line), line.get("event", ""))


def _raw(line: dict[str, Any]) -> bytes:
    match line:
        case {"properties": properties, "event": event}:
            return json.dumps(plain_record(event, properties)).encode()
        case {"record": record}:
            return json.dumps(record, ensure_ascii=False).encode()
        case {"base64": encoded}:
            return base64.b64decode(encoded)
    raw: str = line["text"]
    for mark, key in (("@", "fill"), ("~", "close")):
        if key in line:
            text, times = line[key]
            raw = raw.replace(mark, text * times)
    return raw.encode()
