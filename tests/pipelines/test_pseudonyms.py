"""Pseudonyms: what they promise of themselves, and that nothing behind the verdict has ever seen an id."""

import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.simulator.impurities import Impurities
from local.simulator.simulator import Plan, Simulator
from pipelines.dead_letters import TABLE as DEAD_LETTERS
from pipelines.flush import Flush
from pipelines.microbatch import MicroBatch
from pipelines.pseudonyms import KEY_BYTES, PlainIds, Pseudonyms
from pipelines.rollups import FACTS, ROLLUPS
from pipelines.rows import Rows
from pipelines.shard import Shard, ShardConfig
from schemas.persons import COLUMNS

KEY, OTHER = b"k" * KEY_BYTES, b"o" * KEY_BYTES
START = 1_795_000_000
IDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=128)


@given(key=st.binary(min_size=KEY_BYTES, max_size=100), identifier=IDS)
def test_a_pseudonym_is_half_of_an_hmac(key: bytes, identifier: str) -> None:
    whole = hmac.new(key, identifier.encode(), hashlib.sha256).hexdigest()
    assert Pseudonyms(key).of(identifier) == whole[:32]


@given(one=IDS, other=IDS)
def test_the_same_id_and_no_other_has_the_same_pseudonym(one: str, other: str) -> None:
    ids = Pseudonyms(KEY)
    assert (ids.of(one) == ids.of(other)) == (one == other)
    assert ids.of(one) != Pseudonyms(OTHER).of(one)


def test_nobody_stays_nobody() -> None:
    assert Pseudonyms(KEY).of("") == ""


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 32 bytes, this one has 31"):
        Pseudonyms(b"k" * 31)


@pytest.mark.parametrize(
    ("payload", "named"),
    [
        (b'{"userId":"u-1","anonymousId": "a-1"}', ["a-1", "u-1"]),
        (b'{"userId" : 17}', ["17"]),
        (b'{"context":{"sessionId":"s-\\u00fc"', ["s-\u00fc"]),
        (b'{"user_id":"u-1', ["u-1"]),
        ('{"properties":{"subject_id":"Zoë"}}'.encode(), ["Zoë"]),
        (b'{"userId":"u\\"1"} {"userId":"\xff"}', ['u"1', "\ufffd"]),
        (b'{"userId":null,"anonymousId":"","query":"u-1"}', []),
        (b"GET /users/u-1", []),
    ],
)
def test_a_broken_record_says_whom_it_names(payload: bytes, named: list[str]) -> None:
    assert PlainIds().named_in(payload) == named
    assert Pseudonyms(KEY).named_in(payload) == sorted(map(Pseudonyms(KEY).of, named))


class Stream:
    """A generated stream with all impurities, and the same records written by hand that name persons in odd ways."""

    def __init__(self) -> None:
        plan = Plan(start=START, seed=5, users=300, rate=2_000, impurities=Impurities(0.02, 0.02, 0.02))
        records = [record for batch in Simulator(plan).events(limit=12_000) for record in batch]
        records += [(b"", _line(number, line), START * 1000) for number, line in enumerate(ODD)]
        self.values = [value or b"" for _, value, _ in records]
        self.times = np.array([time for _, _, time in records], dtype=np.int64)

    def flushes(self, ids: PlainIds, folder: Path, step: int = 3_000) -> Iterator[Flush]:
        """Take the stream through a shard."""
        shard = Shard(ShardConfig(folder, ids=ids), ROLLUPS, FACTS)
        for start in range(0, len(self.values), step):
            values = self.values[start : start + step]
            offsets = np.arange(start, start + len(values), dtype=np.int64)
            yield shard.step([MicroBatch(0, offsets, self.times[start : start + step], values)], 0.0)
        yield Flush(shard.take_due(0.0, everything=True))

    def ids(self) -> set[str]:
        """Gather the ids of persons in the good records, with a plain JSON reader."""
        found: set[str] = set()
        for value in self.values:
            try:
                record = json.loads(value)
                found |= {record.get("userId"), record.get("anonymousId"), record["context"].get("sessionId")}
                found.add(record["properties"].get("subject_id"))
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
        return {one for one in found if isinstance(one, str) and one}


def _line(number: int, members: str) -> bytes:
    head = f'{{"type":"track","event":"data.accessed","messageId":"odd-{number}","timestamp":"2026-11-18T11:06:40Z",'
    return (head + members + "}").encode()


ACCESS = '"context":{},"properties":{"action":"read","object_type":"customer",'
ODD = [
    '"userId":"","anonymousId":"odd-device",' + ACCESS + '"subject_id":""}',
    '"userId":null,"anonymousId":null,' + ACCESS + '"subject_id":null}',
    '"userId":"odd-user",' + ACCESS + '"subject_id":"odd-first","subject_id":"odd-last"}',
    '"userId":"odd-user",' + ACCESS + '"subject\\u005fid":"odd-\\u0065scaped","kept":[1.50,"\\u00fc"]}',
    '"userId":"odd-first","userId":"odd-second",' + ACCESS + '"subject_id":"odd-user"}',
]


@pytest.fixture(scope="module")
def stream() -> Stream:
    return Stream()


@pytest.fixture(scope="module")
def hidden(stream: Stream, tmp_path_factory: pytest.TempPathFactory) -> list[Flush]:
    return list(stream.flushes(Pseudonyms(KEY), tmp_path_factory.mktemp("hidden")))


@pytest.fixture(scope="module")
def plain(stream: Stream, tmp_path_factory: pytest.TempPathFactory) -> list[Flush]:
    return list(stream.flushes(PlainIds(), tmp_path_factory.mktemp("plain")))


def test_no_verdict_depends_on_the_key(hidden: list[Flush], plain: list[Flush]) -> None:
    assert [flush.verdicts for flush in hidden] == [flush.verdicts for flush in plain]
    assert [flush.dead_letters for flush in hidden] == [flush.dead_letters for flush in plain]
    assert {name for flush in plain for name, n in flush.verdicts.items() if n} == {
        "counted",
        "late",
        "duplicate",
        "rejected",
    }


def test_only_the_names_of_persons_change(stream: Stream, hidden: list[Flush], plain: list[Flush]) -> None:
    """The rows with a key are the rows without one, each id replaced."""
    ids, known = Pseudonyms(KEY), stream.ids()
    assert _tables(hidden).keys() == _tables(plain).keys()
    for table, rows in _tables(plain).items():
        found = sorted(_comparable(row, PlainIds(), set()) for row in _tables(hidden)[table])
        assert found == sorted(_comparable(row, ids, known) for row in rows), table


def test_other_properties_keep_their_bytes(hidden: list[Flush]) -> None:
    subject = Pseudonyms(KEY).of("odd-escaped")
    expected = '{"action":"read","object_type":"customer",'
    expected += f'"subject_id":"{subject}","kept":[1.50,"\\u00fc"]}}'
    assert expected in [row["properties"] for row in _tables(hidden)["events_rows"]]


def test_no_id_is_left_in_any_row(stream: Stream, hidden: list[Flush], plain: list[Flush]) -> None:
    raw = stream.ids() | {"odd-first", "odd-last", "odd-escaped"}
    assert len(raw) > 300
    text = _text_of(hidden)
    assert [one for one in raw if f"{one}\n" in text or f'"{one}"' in text] == []
    # The search can find something: without a key it does.
    text = _text_of(plain)
    assert len([one for one in raw if f"{one}\n" in text]) > 300


def test_pseudonyms_stand_only_in_columns_that_name_persons(stream: Stream, hidden: list[Flush]) -> None:
    """A table with such a column under another name would be missed by an erasure: name it in `schemas.persons`."""
    pseudonyms = set(map(Pseudonyms(KEY).of, stream.ids()))
    holding = {
        column
        for rows in _all_rows(hidden)
        for column in rows.data.column_names
        if pseudonyms.intersection(value for value in rows.data[column].to_pylist() if isinstance(value, str))
    }
    assert holding == set(COLUMNS)


def _all_rows(flushes: list[Flush]) -> Iterator[Rows]:
    return (rows for flush in flushes for rows in flush.rows)


def _tables(flushes: list[Flush]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for rows in _all_rows(flushes):
        found.setdefault(rows.table, []).extend(rows.data.to_pylist())
    return found


def _comparable(row: dict[str, Any], ids: PlainIds, known: set[str]) -> str:
    """Give a row with its ids replaced, those in cache keys and statements too, and with its properties read."""

    def free(text: str) -> str:
        return re.sub(r"[\w-]+", lambda word: ids.of(word[0]) if word[0] in known else word[0], text)

    told: dict[str, Any] = {name: ids.of(value) if name in COLUMNS else value for name, value in row.items()}
    if "persons" in row:
        told["persons"] = sorted(map(ids.of, row["persons"]))
    if "properties" in row:
        told["properties"] = properties = json.loads(row["properties"])
        if row["event"] == "data.accessed" and properties.get("subject_id"):
            properties["subject_id"] = ids.of(properties["subject_id"])
        properties.update({name: free(properties[name]) for name in ("key", "statement") if name in properties})
    if "key" in row:
        told["key"] = free(row["key"])
    return repr(sorted(told.items()))


def _text_of(flushes: list[Flush]) -> str:
    """Lay every text of every row end to end, but for the bytes that dead letters keep."""
    texts: list[str] = []
    for rows in _all_rows(flushes):
        for name in rows.data.column_names:
            column = rows.data[name]
            kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
            if pa.types.is_string(kind):
                texts += column.to_pylist()
            elif name == "persons":
                texts += [person for persons in column.to_pylist() for person in persons]
            else:
                assert not pa.types.is_binary(kind) or (rows.table, name) == (DEAD_LETTERS, "payload")
    return "\n".join([text for text in texts if text] + [""])
