"""The examples: every record gets the verdict that its line states, from the models and from the fast path."""

from collections import Counter

import pytest

from schemas.catalog import CATALOG, catalog_name
from schemas.reference import MAX_DETAIL, Accepted, Rejection, judge
from tests.schemas.corpus import Example, examples
from tests.schemas.fast_path import MAX_BYTES, decode, expected, read

EXAMPLES = examples()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_verdict(example: Example) -> None:
    verdict = judge(example.raw, max_bytes=MAX_BYTES)
    if isinstance(verdict, Accepted):
        assert example.expect == "ok"
        assert read(verdict.canonical) == expected(verdict)
        assert decode(example.raw) in (None, expected(verdict))
    else:
        assert verdict.reason == example.expect, verdict.detail
        assert decode(example.raw) is None


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.expect != "ok"], ids=lambda example: example.name)
def test_detail_is_short_and_can_be_stored(example: Example) -> None:
    verdict = judge(example.raw, max_bytes=MAX_BYTES)
    assert isinstance(verdict, Rejection)
    assert 0 < len(verdict.detail) <= MAX_DETAIL
    assert verdict.detail.encode().isascii()


def test_every_event_has_a_pass_and_a_fail() -> None:
    passed = Counter(catalog_name(example.event) for example in EXAMPLES if example.expect == "ok")
    failed = Counter(catalog_name(example.event) for example in EXAMPLES if example.expect != "ok")
    assert set(CATALOG) <= passed.keys()
    assert set(CATALOG) <= failed.keys()


def test_every_reason_has_an_example() -> None:
    reasons = {example.expect.partition(":")[0] for example in EXAMPLES}
    assert reasons == {"ok", "too_large", "too_deep", "not_json", "not_an_object", "missing", "invalid"}


def test_names_are_unique() -> None:
    assert [name for name, count in Counter(example.name for example in EXAMPLES).items() if count > 1] == []
