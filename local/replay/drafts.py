"""From the lines of a file to events ready to send: ours as they are, foreign records mapped."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

import msgspec
import orjson
import xxhash

from local.replay.mapping import EventRule, Mapping
from local.replay.reading import Line
from local.replay.values import (
    Fields,
    Getter,
    condition,
    parse_duration_ms,
    parse_rfc3339_ms,
    text_getter,
    time_getter,
    value_getter,
)

_TIME_FIELDS: Final = ("timestamp", "sentAt", "receivedAt", "originalTimestamp")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


Draft = tuple[int, bytes, bytes]
"""An event that is ready: its time in epoch milliseconds, its key, its bytes.

A bare tuple, because hundreds of thousands may wait for their time and the garbage collector passes over it.
"""


class Translator(Protocol):
    """What a line of a file becomes."""

    def __call__(self, line: Line, row: int, shift_ms: int = 0) -> list[Draft]:
        """Return the events of a line, moved by `shift_ms`; `row` counts records from 0.

        Raises:
            ValueError: the record cannot become an event; the text says why.
        """
        ...


def rfc3339(time_ms: int) -> str:
    """Write epoch milliseconds as RFC 3339 in UTC, to the millisecond."""
    return (_EPOCH + timedelta(milliseconds=time_ms)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _Envelope(msgspec.Struct, rename="camel"):
    """The few fields of our events that sending one needs."""

    message_id: str
    timestamp: str
    user_id: str | None = None
    anonymous_id: str | None = None
    sent_at: str | None = None
    received_at: str | None = None

    def time_ms(self) -> int:
        """Return the corrected time: receivedAt - (sentAt - timestamp) where all three are there."""
        time_ms = parse_rfc3339_ms(self.timestamp)
        if self.sent_at and self.received_at:
            return parse_rfc3339_ms(self.received_at) - parse_rfc3339_ms(self.sent_at) + time_ms
        return time_ms


class OwnEvents:
    """Events that already are ours: sent byte for byte, unless they are moved in time."""

    def __init__(self) -> None:
        self._decode = msgspec.json.Decoder(_Envelope).decode

    def __call__(self, line: Line, row: int, shift_ms: int = 0) -> list[Draft]:
        """Return the one event of a line."""
        try:
            envelope = self._decode(line.raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise ValueError(f"not one of our events: {error} (a foreign file needs --mapping)") from None
        key = envelope.user_id or envelope.anonymous_id or envelope.message_id
        return [(envelope.time_ms() + shift_ms, key.encode(), _moved(line, shift_ms))]


def _moved(line: Line, shift_ms: int) -> bytes:
    if shift_ms == 0:
        return line.raw
    event = line.fields()
    for name in _TIME_FIELDS:
        if event.get(name) is not None:
            event[name] = rfc3339(parse_rfc3339_ms(event[name]) + shift_ms)
    return orjson.dumps(event)


class ForeignRecords:
    """Records of another system, turned into events by a mapping."""

    def __init__(self, mapping: Mapping) -> None:
        """Compile `mapping`.

        Raises:
            MappingError: a duration, a time format, a text or a value table is not understood.
        """
        self._time = time_getter(mapping.time)
        self._rules = [_CompiledRule(rule, mapping) for rule in mapping.event]

    def __call__(self, line: Line, row: int, shift_ms: int = 0) -> list[Draft]:
        """Return the events of a record, in the order of the mapping's tables."""
        record = line.fields()
        time_ms = self._time(record, row) + shift_ms
        record["@line"] = line.number
        rules = [rule for rule in self._rules if rule.when is None or rule.when(record)]
        return [rule.draft(line, record, time_ms) for rule in rules]


class _CompiledRule:
    """One `[[event]]` table as functions of a record."""

    def __init__(self, rule: EventRule, mapping: Mapping) -> None:
        defaults = mapping.defaults
        self.when = condition(rule.when) if rule.when else None
        self._name = rule.name
        self._after_ms = parse_duration_ms(rule.after)
        self._message_id = text_getter(rule.message_id)
        self._hashed = "{@hash}" in rule.message_id
        self._keep = rule.keep
        self._user = text_getter(defaults.user) if defaults.user else None
        self._anonymous = text_getter(defaults.anonymous) if defaults.anonymous else None
        context: dict[str, str] = msgspec.to_builtins(defaults.context)
        self._context = [(name, text_getter(text)) for name, text in context.items()]
        self._properties = [(name, value_getter(value)) for name, value in rule.properties.items()]

    def draft(self, line: Line, record: Fields, time_ms: int) -> Draft:
        """Make the event of one record."""
        if self._hashed:
            named = b"%d\0%s\0%s" % (line.number, self._name.encode(), line.raw)
            record["@hash"] = xxhash.xxh3_128_hexdigest(named)
        time_ms += self._after_ms
        message_id = str(self._message_id(record))
        user, anonymous = _id(self._user, record), _id(self._anonymous, record)
        event = {
            "type": "track",
            "event": self._name,
            "messageId": message_id,
            "timestamp": rfc3339(time_ms),
            "userId": user,
            "anonymousId": anonymous,
            "context": _made(self._context, record),
            "properties": {name: record[name] for name in self._keep if name in record}
            | _made(self._properties, record),
        }
        return time_ms, (user or anonymous or message_id).encode(), orjson.dumps(event)


def _id(getter: Getter | None, record: Fields) -> str | None:
    found = getter(record) if getter else None
    return None if found in (None, "") else str(found)


def _made(getters: Iterable[tuple[str, Getter]], record: Fields) -> dict[str, object]:
    made = ((name, getter(record)) for name, getter in getters)
    return {name: value for name, value in made if value is not None}
