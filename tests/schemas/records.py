"""Strategies for records: good ones of every event, and what a careless or hostile emitter makes of them."""

import json
from datetime import datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from schemas.catalog import CATALOG, properties_model
from schemas.envelope import CALLS, Context
from schemas.shape import Shape, shapes

Member = tuple[bytes, bytes]
"""A member of an object as it stands in the text: name with its quotes, and value."""

NESTED = ("context", "properties")

NUMBERS = [b"0", b"-0", b"-0.0", b"1", b"1.0", b"1e2", b"-1", b"0.5", b"1e400", b"-1e400", b"1e-400", b"86400000"]
NUMBERS += [b"86400000.00000001", b"86400001", b"1000000000", b"1000000001", b"9007199254740993", b"1e22", b"NaN"]
NUMBERS += [str(2**power).encode() for power in (31, 63, 64, 70)] + [b"9" * 4300, b"9" * 5000, b"01", b"1.", b"+1"]
TEXTS = [
    b'""',
    b'"ok"',
    b'"1"',
    b'"\\u0000"',
    b'"\\\\u0000"',
    b'"\\ud800"',
    b'"\\udc00x"',
    b'"\\ud83d\\ude00"',
    b'"\xff"',
]
TEXTS += [b'"' + letter * count + b'"' for letter in (b"x", "ü".encode(), "😀".encode()) for count in (3, 128, 129)]
TEXTS += [b'"' + b"x" * count + b'"' for count in (4096, 4097, 33_000)] + [
    b'"\n"',
    b'"\x00"',
    b'"\\x"',
    b'"\xed\xa0\x80"',
]
OTHERS = [b"null", b"true", b"false", b"[]", b"{}", b"[1,]", b'{"a":1,"a":2}', b"", b"nul"]
OTHERS += [b"[" * levels + b"]" * levels for levels in (3, 200, 255, 256, 400, 990, 5000)]
OTHERS += [b'{"a":' * levels + b"1" + b"}" * levels for levels in (254, 256, 2000)]

TIMES = st.one_of(
    st.datetimes(timezones=st.timezones()).map(datetime.isoformat),
    st.from_regex(r"\d{4}-[01]\d-[0-3]\d[Tt _]([0-2]\d:?){2,3}([.,]\d{0,12})?([Zz]|[+-]\d\d:?\d?\d?)?", fullmatch=True),
)


def _text(value: Any) -> bytes:
    return json.dumps(value).encode()


ODD_VALUES = NUMBERS + TEXTS + OTHERS

FRAGMENTS: SearchStrategy[bytes] = st.one_of(
    st.sampled_from(ODD_VALUES),
    TIMES.map(_text),
    st.text(max_size=5).map(_text),
    st.floats().map(_text),
    st.integers().map(_text),
)


def values(shape: Shape) -> SearchStrategy[Any]:
    """Values that a shape accepts."""
    good: SearchStrategy[Any]
    if shape.choices:
        good = st.sampled_from(shape.choices)
    elif shape.base is bool:
        good = st.booleans()
    elif shape.base is int:
        good = st.integers(int(shape.ge or 0), int(shape.le or 0))
    elif shape.base is float:
        good = st.floats(shape.ge, shape.le) | st.integers(int(shape.ge or 0), int(shape.le or 0))
    elif shape.base is datetime:
        good = st.sampled_from(["2026-11-23T19:04:00Z", "2026-11-23T19:04:00.123456+05:30"])
    else:
        plain = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
        good = st.text(plain, min_size=shape.min_length or 0, max_size=min(shape.max_length or 9, 9))
    return good | st.none() if shape.nullable else good


def objects(fields: list[Shape]) -> SearchStrategy[dict[str, Any]]:
    """Objects with all that is required and some of what is optional, under their wire names."""
    required = {shape.wire_name: values(shape) for shape in fields if shape.required}
    optional = {shape.wire_name: values(shape) for shape in fields if not shape.required}
    return st.fixed_dictionaries(required, optional=optional)


@st.composite
def good_records(draw: st.DrawFn) -> dict[str, Any]:
    """Records that must be accepted: every call, every event, and names that the catalog does not know."""
    call, model = draw(st.sampled_from(sorted(CALLS.items())))
    record = draw(objects([shape for shape in shapes(model) if shape.base is not dict and shape.name != "type"]))
    event = getattr(model, "event", None) or draw(st.sampled_from([*CATALOG, "goal.revenue", "crane.rented"]))
    record |= {"type": call} | ({"event": event} if call == "track" else {})
    record["properties"] = draw(objects(shapes(properties_model(event))))
    if draw(st.booleans()):
        record["context"] = draw(objects(shapes(Context)))
    return record


def members(record: dict[str, Any]) -> list[Member]:
    """Return an object's members as text."""
    return [(_text(name), _text(value)) for name, value in record.items()]


def write_object(members: list[Member]) -> bytes:
    """Return the text of an object; a member may occur twice."""
    return b"{" + b",".join(name + b":" + value for name, value in members) + b"}"


def _spoil(draw: st.DrawFn, good: list[Member]) -> list[Member]:
    """Put odd values in, take members out, say members twice, shuffle them, or write a name with escapes."""
    spoilt = list(good)
    for _ in range(draw(st.integers(0, 2))):
        name = draw(st.sampled_from([name for name, _ in good] or [b'"x"']) | st.sampled_from([b'"x"', b'"\\ud800"']))
        if draw(st.booleans()):
            spoilt = [member for member in spoilt if member[0] != name]
        if draw(st.booleans()):
            name = b'"\\u%04x' % name[1] + name[2:] if draw(st.booleans()) and len(name) > 2 else name
            spoilt.insert(draw(st.integers(0, len(spoilt))), (name, draw(FRAGMENTS)))
    return spoilt


@st.composite
def spoilt_records(draw: st.DrawFn) -> bytes:
    """The text of a good record with odd members in the envelope, the context or the properties."""
    record = draw(good_records())
    spoilt = [
        (name, write_object(_spoil(draw, members(record[key]))) if key in NESTED else value)
        for key, (name, value) in zip(record, members(record), strict=True)
    ]
    return write_object(_spoil(draw, spoilt))


@st.composite
def damaged_records(draw: st.DrawFn) -> bytes:
    """The text of a record with bytes lost, doubled or replaced."""
    raw = draw(good_records().map(_text) | spoilt_records().filter(lambda raw: len(raw) < 3000))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(raw)))
        end = draw(st.integers(start, min(len(raw), start + 8)))
        middle = draw(
            st.binary(max_size=3) | st.just(raw[start:end] * 2) | st.sampled_from([b"\\", b'"', b"}", b"\\u0000"])
        )
        raw = raw[:start] + middle + raw[end:]
    return raw
