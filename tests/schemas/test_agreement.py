"""The law of the fast path: it accepts what the models accept, reads the same values, and refuses the rest."""

import json
from typing import Any

import pytest
from hypothesis import given, settings

from schemas.catalog import CATALOG, catalog_name
from schemas.envelope import CALLS, Context
from schemas.reference import Accepted, judge
from schemas.screen import is_suspect
from schemas.shape import shapes
from tests.schemas.corpus import examples, plain_record
from tests.schemas.fast_path import MAX_BYTES, decode, expected, read
from tests.schemas.records import (
    ODD_VALUES,
    damaged_records,
    good_records,
    members,
    spoilt_records,
    write_object,
)

THOROUGH = settings(deadline=None, max_examples=400)


def assert_agreement(raw: bytes) -> None:
    """Check one record: same verdict and same values, at once or by way of the canonical form."""
    verdict, decoded = judge(raw, max_bytes=MAX_BYTES), decode(raw)
    if not isinstance(verdict, Accepted):
        assert decoded is None, verdict
        return
    assert read(verdict.canonical) == expected(verdict)
    assert decoded == expected(verdict) or is_suspect(raw, max_bytes=MAX_BYTES) or _is_odd(raw)
    again = judge(verdict.canonical, max_bytes=MAX_BYTES)
    assert isinstance(again, Accepted)
    assert again.canonical == verdict.canonical


def _is_odd(raw: bytes) -> bool:
    """Tell whether a record says a member twice or has null for an object, which the Structs may refuse."""
    odd = False

    def collect(members: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal odd
        odd |= len(dict(members)) < len(members)
        odd |= any(name in ("context", "properties") and value is None for name, value in members)
        return dict(members)

    json.loads(raw, object_pairs_hook=collect, parse_int=str)
    return odd


COMPLETE = {
    catalog_name(example.event): json.loads(example.raw)["properties"]
    for example in examples()
    if example.expect == "ok" and example.name.endswith(("every property", "are kept", "base properties"))
}
"""A good record's properties for every event."""


def with_member(record: dict[str, Any], path: str, value: bytes) -> bytes:
    """Write a record with one member, of the envelope or (`context.…`, `properties.…`) nested, put to a value."""
    outer, _, inner = path.partition(".")
    if inner:
        value = with_member(record.get(outer, {}), inner, value)
    return write_object(
        [*members({k: v for k, v in record.items() if k != outer}), (json.dumps(outer).encode(), value)]
    )


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("value", ODD_VALUES, ids=lambda value: repr(value[:20]))
def test_odd_value_in_every_member_of_the_envelope(call: str, value: bytes) -> None:
    record = plain_record("feature.used", {"feature": "search"}) | {"type": call}
    paths = [*(shape.wire_name for shape in shapes(CALLS[call])), "x", "context.x"]
    for path in [*paths, *(f"context.{shape.wire_name}" for shape in shapes(Context))]:
        assert_agreement(with_member(record, path, value))


@pytest.mark.parametrize("event", CATALOG)
def test_odd_value_in_every_property(event: str) -> None:
    record = plain_record(event, COMPLETE[event])
    for path in [*CATALOG[event].model_fields, "x"]:
        for value in ODD_VALUES:
            assert_agreement(with_member(record, f"properties.{path}", value))


@given(good_records())
@THOROUGH
def test_good_records_are_accepted_by_both(record: dict[str, Any]) -> None:
    raw = json.dumps(record, ensure_ascii=False).encode()
    verdict = judge(raw, max_bytes=MAX_BYTES)
    assert isinstance(verdict, Accepted), verdict
    assert read(raw) == expected(verdict)


@given(spoilt_records())
@THOROUGH
def test_spoilt_records(raw: bytes) -> None:
    assert_agreement(raw)


@given(damaged_records())
@THOROUGH
def test_damaged_records(raw: bytes) -> None:
    assert_agreement(raw)
