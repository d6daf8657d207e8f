"""The JSON Schema files: in step with the models, and of the same mind about every example."""

import json
from pathlib import Path

import pytest

from schemas.catalog import CATALOG, catalog_name
from schemas.json_schema import ENVELOPE_FILE, event_file, write_schemas
from tests.schemas.corpus import Example, examples
from tests.schemas.schema_checker import conforms

FOLDER = Path(__file__).parents[2] / "docs" / "schemas"

OBJECTS = [e for e in examples() if e.family not in ("bytes", "unknown") and json.loads(e.raw)]


def test_the_files_are_in_step(tmp_path: Path) -> None:
    written = write_schemas(tmp_path / "new")
    assert sorted(path.name for path in written) == sorted([ENVELOPE_FILE, *map(event_file, CATALOG)])
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(path.name for path in written)
    for path in written:
        assert path.read_text() == (FOLDER / path.name).read_text("utf-8"), "run `make docs`"


@pytest.mark.parametrize("example", OBJECTS, ids=lambda example: example.name)
def test_a_schema_agrees_with_the_models(example: Example) -> None:
    record = json.loads(example.raw)
    event = catalog_name(str(example.event or record.get("event"))) or ""
    about_properties = "properties." in example.expect or example.event
    file = FOLDER / (event_file(event) if about_properties else ENVELOPE_FILE)
    assert conforms(record, file) == (example.expect == "ok")


@pytest.mark.parametrize("event", CATALOG)
def test_a_schema_is_for_its_event_alone(event: str) -> None:
    good = next(e for e in OBJECTS if catalog_name(e.event) == event and e.expect == "ok")
    record = json.loads(good.raw)
    assert conforms(record, FOLDER / event_file(event))
    assert not conforms(record | {"event": "another.event"}, FOLDER / event_file(event))


@pytest.mark.parametrize(
    ("call", "event"),
    [("page", "page.viewed"), ("screen", "screen.viewed"), ("identify", "user.identified"), ("group", "group.joined")],
)
def test_the_other_calls_conform_to_the_event_they_make(call: str, event: str) -> None:
    record = {"type": call, "messageId": "m-1", "timestamp": "2026-11-23T19:04:00Z"}
    assert conforms(record, FOLDER / f"{event}.json")
    assert not conforms(record, FOLDER / "library.search.json")
