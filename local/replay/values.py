"""From the tables of a mapping to functions of a record: values, conditions, texts, times and durations."""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from string import Formatter
from typing import Final

from local.replay.mapping import Condition, Constant, MappingError, TimeRule, Value

Fields = dict[str, object]
Getter = Callable[[Fields], object]

_MISSING: Final = object()
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")
_UNIT_MS: Final = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def look_up(record: Fields, path: str) -> object:
    """Return a field, or with `a.b` a field within a field.

    Raises:
        ValueError: the record has no such field.
    """
    value = record.get(path, _MISSING)
    if value is _MISSING:
        inner: object = record
        for name in path.split("."):
            inner = inner.get(name, _MISSING) if isinstance(inner, dict) else _MISSING
        value = inner
    if value is _MISSING:
        raise ValueError(f"no field {path!r}")
    return value


def parse_duration_ms(text: str) -> int:
    """Read `250ms`, `1.5s`, `30m`, `36h` or `7d` as milliseconds.

    Raises:
        MappingError: it is none of these.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise MappingError(f"{text!r} is not a duration such as 250ms, 30s, 15m, 36h or 7d")
    return round(float(match[1]) * _UNIT_MS[match[2]])


def parse_rfc3339_ms(text: object) -> int:
    """Read an RFC 3339 time as epoch milliseconds.

    Raises:
        ValueError: it is not one, or it names no zone.
    """
    if not isinstance(text, str):
        raise ValueError(f"time {text!r} is not a text")
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"time {text!r} has no zone")
    return (time - _EPOCH) // _MILLISECOND


def time_getter(rule: TimeRule) -> Callable[[Fields, int], int]:
    """Compile a time rule to a function of (record, row number from 0) that returns epoch milliseconds.

    A strptime pattern without `%z` is read as UTC.
    """
    if rule.start is not None:
        start_ms, step_ms = parse_rfc3339_ms(rule.start), parse_duration_ms(rule.every)
        return lambda record, row: start_ms + step_ms * row
    field, read = rule.field or "", _time_format(rule.format)
    return lambda record, row: read(look_up(record, field))


def _time_format(form: str) -> Callable[[object], int]:
    if form == "rfc3339":
        return parse_rfc3339_ms
    if form in ("epoch_s", "epoch_ms"):
        scale = 1000 if form == "epoch_s" else 1
        return lambda value: round(_number(value) * scale)
    if "%" not in form:
        raise MappingError(f"time format {form!r} is not rfc3339, epoch_s, epoch_ms or a strptime pattern")

    def by_pattern(value: object) -> int:
        time = datetime.strptime(str(value), form)
        return ((time if time.tzinfo else time.replace(tzinfo=UTC)) - _EPOCH) // _MILLISECOND

    return by_pattern


def text_getter(template: str) -> Getter:
    """Compile a text: a constant, one `{field}` (which keeps its type), or fields within text."""
    try:
        parts = [(literal, name) for literal, name, _, _ in Formatter().parse(template)]
    except ValueError as error:
        raise MappingError(f"{template!r}: {error}; write {{{{ and }}}} for braces") from None
    if all(name is None for _, name in parts):
        constant = "".join(literal for literal, _ in parts)
        return lambda record: constant
    if len(parts) == 1 and parts[0][0] == "" and parts[0][1]:
        only = parts[0][1]
        return lambda record: look_up(record, only)
    return lambda record: "".join(
        literal + (str(look_up(record, name)) if name is not None else "") for literal, name in parts
    )


def value_getter(value: Constant | Value) -> Getter:
    """Compile a property's value."""
    if isinstance(value, str):
        return text_getter(value)
    if not isinstance(value, Value):
        return lambda record: value
    if (value.then is None) != (value.otherwise is None):
        raise MappingError(f"field {value.field!r}: `then` and `else` go together")
    if value.then is not None:
        holds = condition(value)
        return lambda record: value.then if holds(record) else value.otherwise
    if value.map is not None:
        return lambda record: _from_map(value.field, value.map or {}, look_up(record, value.field))
    return _converted(value)


def condition(rule: Condition) -> Callable[[Fields], bool]:
    """Compile a condition; a field that is not there fulfils none."""

    def holds(record: Fields) -> bool:
        try:
            found = look_up(record, rule.field)
        except ValueError:
            return False
        return (
            found not in (None, "")
            and (rule.equals is None or _equal(found, rule.equals))
            and (rule.differs_from is None or not _equal(found, rule.differs_from))
            and (rule.one_of is None or any(_equal(found, each) for each in rule.one_of))
            and (rule.at_least is None or _number(found) >= rule.at_least)
            and (rule.at_most is None or _number(found) <= rule.at_most)
        )

    return holds


def _converted(value: Value) -> Getter:
    field, scale, kind = value.field, value.scale, value.kind

    def convert(record: Fields) -> object:
        found = look_up(record, field)
        if found is None or (scale is None and kind is None):
            return found
        if kind == "text":
            return str(found)
        if scale is None and kind == "int":
            return int(str(found))
        # Rounding takes away the noise of decimal fractions in binary, a billionth of a unit at most.
        number = round(_number(found) * (scale or 1.0), 9)
        return round(number) if kind == "int" else number

    return convert


def _from_map(field: str, table: dict[str, Constant], found: object) -> Constant:
    try:
        return table[str(found)]
    except KeyError:
        raise ValueError(f"{field} = {found!r} is not in the map ({', '.join(table)})") from None


def _equal(found: object, expected: Constant) -> bool:
    # What a CSV holds is text, whatever it means.
    if isinstance(found, str) and not isinstance(expected, str):
        return found == str(expected)
    return found == expected


def _number(found: object) -> float:
    if isinstance(found, bool) or not isinstance(found, int | float | str):
        raise ValueError(f"{found!r} is not a number")
    number = float(found)
    if not math.isfinite(number):
        raise ValueError(f"{found!r} is not a finite number")
    return number
