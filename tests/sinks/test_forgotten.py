"""Which rows an erasure keeps out: those of the person from before the moment, and no others."""

from typing import Any

import pyarrow as pa
import pytest

from schemas.persons import PROPERTIES
from sinks.forgotten import Forgotten

SECONDS = pa.timestamp("s", tz="UTC")
MOMENT = 10
FORGOTTEN = Forgotten({"gone": MOMENT * 1000, "device": MOMENT * 1000})


def kept(columns: dict[str, Any], times: list[int] | None = None) -> list[int]:
    """Give the numbers of the rows that may be stored; all of them happened before the moment if not said."""
    size = len(next(iter(columns.values())))
    at = pa.array(times or [1] * size).cast(SECONDS)
    return list(FORGOTTEN.without(pa.table({**columns, "window_start": at, "n": range(size)}))["n"].to_pylist())


def test_rows_of_the_person_from_before_the_moment_stay_out() -> None:
    assert kept({"user_id": ["gone", "here", "gone", "gone", ""]}, [1, 1, MOMENT - 1, MOMENT, 1]) == [1, 3, 4]


def test_columns_of_codes_are_looked_through_too() -> None:
    assert kept({"unit": pa.array(["gone", "here", "gone"]).dictionary_encode()}) == [1]


def test_rows_laid_together_are_told_apart() -> None:
    pieces = [
        pa.table({"user_id": [name], "window_start": pa.array([1]).cast(SECONDS)}) for name in ("here", "gone", "x")
    ]
    assert FORGOTTEN.without(pa.concat_tables(pieces))["user_id"].to_pylist() == ["here", "x"]


def test_a_device_counts_where_no_owner_is_named() -> None:
    users, devices = ["", "here", None, ""], ["device", "device", "device", "other"]
    assert kept({"user_id": pa.array(users, pa.string()), "anonymous_id": devices}) == [1, 3]


@pytest.mark.parametrize("name", PROPERTIES)
def test_a_column_that_names_a_person_counts_whoever_acted(name: str) -> None:
    assert kept({"user_id": ["here", "here"], name: ["gone", "other"]}) == [1]


def test_the_archive_is_looked_into() -> None:
    access = '{"action":"read","subject_id":"gone"}'
    events = ["data.accessed", "library.search", "data.accessed"]
    columns = {"user_id": ["here"] * 3, "event": events, "properties": [access, access, access.replace("gone", "x")]}
    assert kept(columns) == [1, 2]


def test_a_dead_letter_stays_out_when_it_names_the_person() -> None:
    persons = pa.array([["here", "gone"], [], ["here"]], pa.list_(pa.string()))
    assert kept({"persons": persons}) == [1, 2]
    assert kept({"persons": pa.chunked_array([persons.slice(1), persons])}) == [0, 1, 3, 4]


def test_rows_without_a_person_and_lists_without_a_name_touch_nothing() -> None:
    assert kept({"service": ["gone", "device"]}) == [0, 1]
    rows = pa.table({"user_id": ["gone"]})
    assert Forgotten({}).without(rows) is rows
