"""Mappings turn foreign records into events that the catalog accepts, and refuse what they do not understand."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.replay.drafts import Draft, ForeignRecords, rfc3339
from local.replay.mapping import Mapping, MappingError, read_mapping
from local.replay.reading import Line
from local.replay.values import parse_duration_ms, parse_rfc3339_ms
from schemas.reference import Rejection, judge

MAPPINGS = Path(__file__).parents[2] / "mappings"
MINIMAL = '[time]\nfield = "t"\nformat = "epoch_ms"\n[[event]]\nname = "request.served"\n'


def mapping_of(tmp_path: Path, text: str) -> Mapping:
    path = tmp_path / "mapping.toml"
    path.write_text(text)
    return read_mapping(path)


def translate(mapping: Mapping, record: object, *, number: int = 1, row: int = 0, shift_ms: int = 0) -> list[Draft]:
    return ForeignRecords(mapping)(Line(number, orjson.dumps(record), 0), row, shift_ms)


def events(drafts: list[Draft]) -> list[dict[str, Any]]:
    return [orjson.loads(value) for _, _, value in drafts]


def properties(tmp_path: Path, table: str, record: dict[str, object]) -> dict[str, Any]:
    (event,) = events(translate(mapping_of(tmp_path, MINIMAL + table), {"t": 1} | record))
    made: dict[str, Any] = event["properties"]
    return made


REQUEST = {
    "line": 7, "time": "2017-05-16T00:00:00.008Z", "request_id": "req-1", "user": "u", "tenant": "t", "method": "GET",
    "route": "/v2/{id}/servers", "status": 404, "bytes": 1893, "seconds": 0.2477829,
}  # fmt: skip


def test_a_request_of_the_openstack_log_becomes_a_request_served() -> None:
    ((time_ms, key, value),) = translate(read_mapping(MAPPINGS / "openstack_nova.toml"), REQUEST)
    event = orjson.loads(value)
    assert (rfc3339(time_ms), key) == ("2017-05-16T00:00:00.008Z", b"u")
    assert (event["event"], event["timestamp"]) == ("request.served", "2017-05-16T00:00:00.008Z")
    assert event["context"]["service"] == "nova-api"
    assert event["properties"] == {
        "method": "GET", "route": "/v2/{id}/servers", "status": 404, "bytes": 1893, "duration_ms": 247.7829,
        "outcome": "error",
    }  # fmt: skip
    assert not isinstance(judge(value, max_bytes=32_768, strict_catalog=True), Rejection)


@pytest.mark.parametrize(("status", "outcome"), [(200, "ok"), (399, "ok"), (400, "error"), (503, "error")])
def test_the_outcome_turns_at_400(status: int, outcome: str) -> None:
    drafts = translate(read_mapping(MAPPINGS / "openstack_nova.toml"), REQUEST | {"status": status})
    assert events(drafts)[0]["properties"]["outcome"] == outcome


def test_a_player_becomes_an_exposure_and_the_goals_that_were_reached() -> None:
    player = {
        "userid": "116",
        "version": "gate_40",
        "sum_gamerounds": "3",
        "retention_1": "TRUE",
        "retention_7": "FALSE",
    }
    drafts = translate(read_mapping(MAPPINGS / "cookie_cats.toml"), player, row=60)
    made = [(event["event"], event["timestamp"], event["userId"]) for event in events(drafts)]
    assert made == [
        ("experiment.exposed", "2026-01-01T00:01:00.000Z", "player-116"),
        ("goal.retention_1", "2026-01-02T00:01:00.000Z", "player-116"),
        ("goal.gamerounds", "2026-01-15T00:01:00.000Z", "player-116"),
    ]
    assert events(drafts)[0]["properties"] == {"experiment": "gate", "variant": "treatment"}
    assert events(drafts)[-1]["properties"]["value"] == 3
    assert not any(isinstance(judge(value, max_bytes=32_768), Rejection) for _, _, value in drafts)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('"{a.b}"', 5),
        ('"{a.b} of {text}"', "5 of hi"),
        ('"{{a}}"', "{a}"),
        ("true", True),
        ('{ field = "a.b", scale = 0.1 }', 0.5),
        ('{ field = "number", scale = 1000 }', 12.5),
        ('{ field = "number", as = "float" }', 0.0125),
        ('{ field = "a.b", as = "text" }', "5"),
        ('{ field = "text", map = { hi = 1 } }', 1),
        ('{ field = "text", one_of = ["ho", "hi"], then = "in", else = "out" }', "in"),
        ('{ field = "number", at_least = 0.01, at_most = 0.02, then = "in", else = "out" }', "in"),
        ('{ field = "none", at_least = 1, then = "in", else = "out" }', "out"),
        ('{ field = "absent", then = "there", else = "not there" }', "not there"),
        ('{ field = "text", differs_from = "hi", then = "other", else = "same" }', "same"),
    ],
)
def test_values(tmp_path: Path, value: str, expected: object) -> None:
    record: dict[str, object] = {"a": {"b": 5}, "text": "hi", "number": "0.0125", "none": None}
    assert properties(tmp_path, f"properties.x = {value}", record) == {"x": expected}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ('"{absent}"', "no field 'absent'"),
        ('{ field = "text", scale = 2 }', "could not convert"),
        ('{ field = "nan", as = "float" }', "not a finite number"),
        ('{ field = "half", as = "int" }', "invalid literal"),
        ('{ field = "text", map = { a = 1 } }', r"text = 'hi' is not in the map \(a\)"),
    ],
)
def test_a_record_that_does_not_fit_is_refused_with_its_reason(tmp_path: Path, value: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        properties(tmp_path, f"properties.x = {value}", {"text": "hi", "nan": "NaN", "half": "0.5"})


@pytest.mark.parametrize(
    ("time", "value", "expected"),
    [
        ('field = "t"', "2026-01-02T03:04:05+01:00", "2026-01-02T02:04:05.000Z"),
        ('field = "t"\nformat = "epoch_s"', "1767322800.25", "2026-01-02T03:00:00.250Z"),
        ('field = "t"\nformat = "epoch_ms"', 1767322800250, "2026-01-02T03:00:00.250Z"),
        ('field = "t"\nformat = "%d/%b/%Y:%H:%M:%S"', "02/Jan/2026:03:00:00", "2026-01-02T03:00:00.000Z"),
        ('field = "t"\nformat = "%d.%m.%Y %H:%M %z"', "02.01.2026 03:00 +0100", "2026-01-02T02:00:00.000Z"),
        ('start = "2026-01-02T03:00:00Z"\nevery = "1.5s"', None, "2026-01-02T03:00:03.000Z"),
    ],
)
def test_times(tmp_path: Path, time: str, value: object, expected: str) -> None:
    mapping = mapping_of(tmp_path, f'[time]\n{time}\n[[event]]\nname = "e"\n')
    ((time_ms, _, body),) = translate(mapping, {"t": value}, row=2)
    assert (rfc3339(time_ms), orjson.loads(body)["timestamp"]) == (expected, expected)


@pytest.mark.parametrize("value", ["2026-01-02T03:04:05", "yesterday", 5, None])
def test_a_time_without_zone_or_sense_is_refused(tmp_path: Path, value: object) -> None:
    mapping = mapping_of(tmp_path, '[time]\nfield = "t"\n[[event]]\nname = "e"\n')
    with pytest.raises(ValueError, match=r"zone|isoformat|not a text"):
        translate(mapping, {"t": value})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (MINIMAL.replace("name", "nmae"), "unknown field `nmae`|missing required field `name`"),
        (MINIMAL + 'properties.x = { field = "a", atleast = 3 }', "unknown field `atleast`"),
        (MINIMAL + 'keep = "all"', "keep"),
        ('[time]\nfield = "t"', "event"),
        ('[time]\n[[event]]\nname = "e"', "either `field` or `start`"),
        ("not toml", "mapping.toml"),
    ],
)
def test_a_mapping_that_is_not_understood_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(MappingError, match=reason):
        mapping_of(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (MINIMAL + 'after = "soon"', "not a duration"),
        (MINIMAL + 'properties.x = "{a"', "write {{ and }}"),
        (MINIMAL + 'properties.x = { field = "a", then = 1 }', "`then` and `else` go together"),
        (MINIMAL.replace("epoch_ms", "julian"), "time format 'julian'"),
    ],
)
def test_a_mapping_that_cannot_be_compiled_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    mapping = mapping_of(tmp_path, text)
    with pytest.raises(MappingError, match=reason):
        ForeignRecords(mapping)


def test_message_ids_differ_between_lines_and_rules_but_not_between_replays(tmp_path: Path) -> None:
    mapping = mapping_of(tmp_path, MINIMAL + '[[event]]\nname = "b"\n')
    same = {"t": 1, "x": "same content"}
    ids = [
        [event["messageId"] for event in events(translate(mapping, same, number=number, shift_ms=shift))]
        for number, shift in ((1, 0), (2, 0), (1, 999))
    ]
    assert len({*ids[0], *ids[1]}) == 4
    assert ids[0] == ids[2]


def test_the_key_is_the_user_else_the_anonymous_id_else_the_message_id(tmp_path: Path) -> None:
    text = MINIMAL.replace(
        "[[event]]", '[defaults]\nuser = "{u}"\nanonymous = "{a}"\n[[event]]\nmessage_id = "m-{@line}"'
    )
    mapping = mapping_of(tmp_path, text)
    keys = [translate(mapping, {"t": 1, "u": u, "a": a})[0][1] for u, a in (("U", "A"), ("", "A"), (None, ""))]
    assert keys == [b"U", b"A", b"m-1"]


@given(st.integers(min_value=-62_135_596_800_000, max_value=253_402_300_799_999))
def test_times_survive_being_written_and_read(time_ms: int) -> None:
    assert parse_rfc3339_ms(rfc3339(time_ms)) == time_ms


@pytest.mark.parametrize(
    ("text", "expected"), [("250ms", 250), ("1.5s", 1500), ("2m", 120_000), ("36h", 129_600_000), ("7d", 604_800_000)]
)
def test_durations(text: str, expected: int) -> None:
    assert parse_duration_ms(text) == expected
