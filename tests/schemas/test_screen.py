"""The screen: the same verdict for a batch as for each record, and nothing about it depends on the caller's stack."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.reference import Rejection, judge
from schemas.screen import MAX_DEPTH, depth, is_suspect, is_utf8, suspects
from tests.schemas.corpus import examples
from tests.schemas.fast_path import MAX_BYTES, read

RECORDS = [example.raw for example in examples()]


@given(st.lists(st.sampled_from(RECORDS) | st.binary(max_size=20)))
@settings(deadline=None)
def test_a_batch_is_screened_like_its_records(records: list[bytes]) -> None:
    alone = [i for i, raw in enumerate(records) if is_suspect(raw, max_bytes=MAX_BYTES)]
    assert suspects(records, max_bytes=MAX_BYTES) == alone


@pytest.mark.parametrize("limit", [0, 10, 300])
def test_a_small_limit_is_kept(limit: int) -> None:
    records = [b"x" * limit, b"x" * (limit + 1)]
    assert suspects(records, max_bytes=limit) == [1]


def test_a_character_cut_between_records_is_noticed_in_both() -> None:
    letter = "ü".encode()
    assert suspects([letter[:1], letter[1:], letter], max_bytes=MAX_BYTES) == [0, 1]


TRICKY_TEXT = st.text('[]{}"\\\n:,x', max_size=6)


@given(
    st.recursive(
        TRICKY_TEXT | st.none(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TRICKY_TEXT, inner, max_size=3),
        max_leaves=20,
    )
)
def test_depth_is_that_of_the_value(value: Any) -> None:
    def levels(value: Any) -> int:
        inner = value.values() if isinstance(value, dict) else value
        return 1 + max(map(levels, inner), default=0) if isinstance(value, list | dict) else 0

    assert depth(json.dumps(value).encode()) == levels(value)


def test_what_is_deep_is_a_suspect() -> None:
    raw = b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1)
    assert depth(raw) == MAX_DEPTH + 1
    assert is_suspect(raw, max_bytes=MAX_BYTES)


@given(st.binary(max_size=8))
def test_utf8_is_what_survives_a_lenient_reader_unchanged(raw: bytes) -> None:
    assert is_utf8(raw) == (raw.decode(errors="ignore").encode() == raw)


def test_the_deepest_good_record_does_not_depend_on_the_callers_stack() -> None:
    inside = MAX_DEPTH - 1
    raw = b'{"type":"page","messageId":"m","timestamp":"2026-11-23T19:04:00Z","x":%s%s}' % (
        b"[" * inside,
        b"]" * inside,
    )

    def judged_from(frames: int) -> bool:
        if frames:
            return judged_from(frames - 1)
        return not isinstance(judge(raw, max_bytes=MAX_BYTES), Rejection) and read(raw) is not None

    assert judged_from(0)
    assert judged_from(400)
