"""The verdict: its order, the strict catalog, and its bounds under hostile input."""

import json
from typing import Any

import pytest

from schemas.catalog import Properties
from schemas.narrow import BASE_PROPERTIES, properties_struct
from schemas.reference import MAX_DETAIL, Accepted, Rejection, judge
from tests.schemas.corpus import plain_record
from tests.schemas.fast_path import MAX_BYTES


def verdict_on(record: dict[str, Any], **options: Any) -> Rejection | Accepted:
    """Judge a record given as an object."""
    return judge(json.dumps(record).encode(), **{"max_bytes": MAX_BYTES, **options})


def reason(verdict: Rejection | Accepted) -> str:
    """Return the reason, or `ok`."""
    return verdict.reason if isinstance(verdict, Rejection) else "ok"


@pytest.mark.parametrize(
    ("event", "strict", "expect"),
    [
        ("crane.rented", True, "unknown_event"),
        ("crane.rented", False, "ok"),
        ("library.search", True, "ok"),
        ("goal.revenue", True, "ok"),
    ],
)
def test_unknown_events_are_refused_only_by_a_strict_catalog(event: str, strict: bool, expect: str) -> None:
    assert reason(verdict_on(plain_record(event, {}), strict_catalog=strict)) == expect


def test_questions_are_asked_in_order() -> None:
    record = plain_record("crane.rented", {"duration_ms": "x"}) | {"userId": 5}
    assert reason(verdict_on(record, strict_catalog=True, max_bytes=10)) == "too_large"
    assert reason(verdict_on(record, strict_catalog=True)) == "invalid:userId"
    record["userId"] = "u-1"
    assert reason(verdict_on(record, strict_catalog=True)) == "unknown_event"
    assert reason(verdict_on(record)) == "invalid:properties.duration_ms"


def test_the_largest_record_is_taken() -> None:
    raw = json.dumps(plain_record("library.search", {})).encode()
    assert reason(judge(raw, max_bytes=len(raw))) == "ok"
    assert reason(judge(raw, max_bytes=len(raw) - 1)) == "too_large"


def test_details_do_not_echo_the_payload() -> None:
    secret = "correct horse battery staple " * 100
    for record in (plain_record(secret, {}), plain_record("probe.checked", {"target": secret, "up": True})):
        verdict = verdict_on(record)
        assert isinstance(verdict, Rejection)
        assert "horse" not in verdict.detail


def test_the_detail_of_an_unknown_event_is_bounded_and_one_line() -> None:
    verdict = verdict_on(plain_record("\n\u2028" * 64, {}), strict_catalog=True)
    assert isinstance(verdict, Rejection)
    assert len(verdict.detail) <= MAX_DETAIL
    assert verdict.detail.splitlines() == [verdict.detail]


def test_ten_thousand_event_names_share_one_struct() -> None:
    structs = {properties_struct(f"event.{i}") for i in range(10_000)}
    assert structs == {BASE_PROPERTIES}


def test_accepted_holds_what_was_read() -> None:
    verdict = verdict_on(plain_record("crane.rented", {"duration_ms": 5, "crane": "c-1"}))
    assert isinstance(verdict, Accepted)
    assert verdict.event == "crane.rented"
    assert verdict.properties == Properties(duration_ms=5)
    assert verdict.envelope.properties == {"duration_ms": 5, "crane": "c-1"}


def test_canonical_keeps_the_bytes_of_every_value() -> None:
    raw = (
        b'{"type":"page", "messageId":"\\u006d","timestamp":"2026-11-23T19:04:00Z","userId":null,'
        b'"properties":{"a": 1e400,"a":1e400, "b":[1.50, "\\u00fc"],"duration_ms":1.0}}'
    )
    verdict = judge(raw, max_bytes=MAX_BYTES)
    assert isinstance(verdict, Accepted)
    assert verdict.canonical == (
        b'{"type":"page","messageId":"\\u006d","timestamp":"2026-11-23T19:04:00Z",'
        b'"properties":{"a":1e400,"b":[1.50, "\\u00fc"],"duration_ms":1.0}}'
    )
