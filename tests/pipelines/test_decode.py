"""The decoder's law: a batch is judged as its records are judged alone by the models, and no record costs its neighbours."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import contexts, decode
from pipelines.columns import Coded, Texts
from pipelines.decode import Decoded, Decoder
from schemas.envelope import Call
from schemas.reference import Accepted, judge
from tests.schemas.corpus import examples, plain_record
from tests.schemas.records import damaged_records, good_records, spoilt_records

MAX_BYTES = 32_768
GOOD = good_records().map(lambda record: json.dumps(record, ensure_ascii=False).encode())
BATCHES = st.lists(st.one_of(GOOD, GOOD, spoilt_records(), damaged_records()), max_size=12)


@pytest.fixture(params=[1, 3, 2_000], ids="pieces of {}".format)
def piece(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "PIECE", request.param)


def rows_of(decoded: Decoded) -> list[dict[str, Any]]:
    """Read the columns back, row by row."""
    columns = {
        name: list(column.texts()) if isinstance(column, Coded) else _unknown_as_empty(column)
        for name, column in decoded.columns.items()
    }
    return [{name: values[row] for name, values in columns.items()} for row in range(len(decoded.rows))]


def _unknown_as_empty(column: Any) -> list[Any]:
    return [text or "" for text in column.array.to_pylist()] if isinstance(column, Texts) else column.tolist()


def expected_row(verdict: Accepted) -> dict[str, Any]:
    """Give the row of an accepted record, by the models alone."""
    envelope, context, properties = verdict.envelope, verdict.envelope.context, verdict.properties
    told = context.model_dump() if context else {}
    return {
        "event": verdict.event,
        "message_id": envelope.message_id,
        "user_id": envelope.user_id or "",
        "anonymous_id": envelope.anonymous_id or "",
        "outcome": properties.outcome or "",
        "time": corrected_ms(envelope),
        **{name: told.get(name) or "" for name in (*contexts.CODED, "session_id")},
    }


def corrected_ms(envelope: Call) -> int:
    times = [envelope.timestamp, envelope.sent_at, envelope.received_at]
    event, sent, received = (_ms(moment) if moment else None for moment in times)
    assert event is not None
    return event if sent is None or received is None else event + received - sent


def _ms(moment: datetime) -> int:
    return int(moment.replace(microsecond=0).timestamp()) * 1000 + moment.microsecond // 1000


def assert_as_alone(decoder: Decoder, values: Sequence[bytes], *, strict: bool = False) -> None:
    verdicts = [judge(value, max_bytes=MAX_BYTES, strict_catalog=strict) for value in values]
    decoded = decoder.decode(values)
    accepted = [(row, verdict) for row, verdict in enumerate(verdicts) if isinstance(verdict, Accepted)]
    assert decoded.rows.tolist() == [row for row, _ in accepted]
    assert dict(decoded.rejects) == {row: v for row, v in enumerate(verdicts) if not isinstance(v, Accepted)}
    for found, (_, verdict) in zip(rows_of(decoded), accepted, strict=True):
        wanted = expected_row(verdict)
        assert {name: found[name] for name in wanted} == wanted
        duration = verdict.properties.duration_ms
        assert (
            found["duration_ms"] == duration if duration is not None else found["duration_ms"] != found["duration_ms"]
        )


@pytest.mark.usefixtures("piece")
def test_the_examples_in_one_batch_are_judged_as_alone() -> None:
    values = [example.raw for example in examples()]
    assert_as_alone(Decoder(MAX_BYTES), [*values, *reversed(values)])


@given(batches=st.lists(BATCHES, max_size=3))
@settings(deadline=None, max_examples=150)
def test_a_batch_is_judged_as_its_records_alone(batches: list[list[bytes]]) -> None:
    decoder = Decoder(MAX_BYTES)
    for values in batches:
        assert_as_alone(decoder, values)


@given(values=BATCHES)
@settings(deadline=None, max_examples=50)
def test_a_strict_catalog_refuses_unknown_names_and_nothing_else(values: list[bytes]) -> None:
    unknown = json.dumps(plain_record("no.such.event", {})).encode()
    assert_as_alone(Decoder(MAX_BYTES, catalog_strict=True), [unknown, *values, unknown], strict=True)


def test_contexts_are_forgotten_between_batches_and_not_within_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contexts, "REMEMBERED", 2)
    decoder = Decoder(MAX_BYTES)
    for first in (0, 3, 2):
        records = [plain_record("feature.used", {"feature": "search"}) for _ in range(5)]
        for number, record in enumerate(records):
            record["context"] = {"service": f"s-{first + number}", "sessionId": f"x-{number % 2}"}
        assert_as_alone(decoder, [json.dumps(record).encode() for record in records])


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", "not_json"),
        (b'{"type":"track"', "not_json"),
        (b"\xff", "not_json"),
        (b"[1,2]", "not_an_object"),
        (b'{"type":"track"}\n{"type":"track"}', "not_json"),
        (b'{"a":"' + b"x" * 2_000_000 + b'"}', "too_large"),
        (b"[" * 5_000 + b"]" * 5_000, "too_deep"),
    ],
    ids=["empty", "truncated", "no UTF-8", "array", "two documents", "2 MB", "deep"],
)
def test_one_bad_record_never_costs_its_neighbours(value: bytes, reason: str) -> None:
    good = json.dumps(plain_record("feature.used", {"feature": "search"})).encode()
    decoded = Decoder(MAX_BYTES).decode([good, value, good, value])
    assert decoded.rows.tolist() == [0, 2]
    assert [(row, rejection.reason) for row, rejection in decoded.rejects] == [(1, reason), (3, reason)]
