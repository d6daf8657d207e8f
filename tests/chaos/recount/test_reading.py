"""The quick reading says what the reference says, or nothing."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaos.recount.reading import Event, _judged, _usual, read_record
from chaos.recount.records import Rules
from schemas.reference import Rejection
from tests.chaos.recount.simulated import simulated
from tests.schemas.corpus import Example, examples, plain_record
from tests.schemas.records import ODD_VALUES, damaged_records, good_records, members, spoilt_records, write_object

THOROUGH = settings(deadline=None, max_examples=200)
RULES = Rules()


def assert_agreement(raw: bytes, rules: Rules = RULES) -> None:
    quick, certain = _usual(raw, rules), _judged(raw, rules)
    assert quick is None or quick == certain
    assert read_record(raw, rules) == certain


@given(good_records())
@THOROUGH
def test_good_records(record: dict[str, object]) -> None:
    assert_agreement(json.dumps(record).encode())
    assert_agreement(json.dumps(record, ensure_ascii=False).encode(errors="surrogatepass"))


@given(st.one_of(spoilt_records(), damaged_records()))
@THOROUGH
def test_odd_records(raw: bytes) -> None:
    assert_agreement(raw)


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.name)
def test_examples(example: Example) -> None:
    assert_agreement(example.raw)
    assert_agreement(example.raw, Rules(catalog_strict=True))
    read = read_record(example.raw, RULES)
    assert (read.reason if isinstance(read, Rejection) else "ok") == example.expect


@pytest.mark.parametrize("where", ["properties", "envelope"])
def test_odd_values_in_every_place(where: str) -> None:
    record = plain_record(
        "library.item_created", {"item_id": "i", "unit_price": 1.5, "duration_ms": 2, "outcome": "ok"}
    )
    own = record["properties"] if where == "properties" else record
    for name in own:
        for value in ODD_VALUES:
            odd = write_object([(key, value if key == json.dumps(name).encode() else old) for key, old in members(own)])
            raw = odd if where == "envelope" else write_object([*members(record), (b'"properties"', odd)])
            assert_agreement(raw)


def test_nearly_all_of_the_simulated_world_is_read_quickly() -> None:
    records = [record for own in simulated(4, 3_000, 1).values() for record in own]
    quick = [_usual(record.value, RULES) for record in records]
    assert sum(isinstance(event, Event) for event in quick) > 0.98 * len(records)
