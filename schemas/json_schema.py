"""Writes JSON Schema (2020-12) files for emitters in other languages: the envelope, and one per event.

Two rules that JSON Schema cannot state: a whole number must be written without a fraction (3, not 3.0), and
a time must have a zone (`date-time` asks for one, but few validators check formats).
"""

import json
import re
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from schemas.catalog import CATALOG
from schemas.envelope import CALLS, Call
from schemas.shape import shapes

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
ENVELOPE_FILE: Final = "envelope.json"


class _Plain(GenerateJsonSchema):
    """Leaves out what repeats the names: titles of fields, and `default: null`."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Give no field a title."""
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Give no field a default."""
        return self.generate_inner(schema["schema"])


def write_schemas(folder: Path) -> list[Path]:
    """Write one file per schema into a folder, which is made if need be, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    documents = {ENVELOPE_FILE: envelope_schema()}
    documents |= {event_file(event): event_schema(event) for event in CATALOG}
    return [_write(folder / name, document) for name, document in documents.items()]


def event_file(event: str) -> str:
    """Return the name of the file of an event of the catalog."""
    return f"{event.removesuffix('.*')}.json"


def envelope_schema() -> dict[str, Any]:
    """Return the schema of a record, whatever its event."""
    schema = TypeAdapter[Any](Call).json_schema(schema_generator=_Plain)
    return {"$schema": DIALECT, "title": "Envelope", "description": "One record: a Segment call."} | schema


def event_schema(event: str) -> dict[str, Any]:
    """Return the schema of a record of one event. Raises KeyError for a name outside the catalog."""
    model = CATALOG[event]
    properties = model.model_json_schema(schema_generator=_Plain)
    demanding = any(shape.required for shape in shapes(model))
    return {
        "$schema": DIALECT,
        "title": event,
        "description": model.__doc__,
        "allOf": [{"$ref": ENVELOPE_FILE}],
        "anyOf": _ways_to_say(event),
        "properties": {"properties": properties if demanding else {"anyOf": [properties, {"type": "null"}]}},
        "required": ["properties"] if demanding else [],
    }


def _ways_to_say(event: str) -> list[dict[str, Any]]:
    """Return which calls make an event: `track` with its name, and perhaps a call of its own."""
    named = {"pattern": f"^{re.escape(event[:-1])}"} if event.endswith("*") else {"const": event}
    track: dict[str, Any] = {
        "properties": {"type": {"const": "track"}, "event": named},
        "required": ["type", "event"],
    }
    own = [call for call, model in CALLS.items() if getattr(model, "event", None) == event]
    return [track, *({"properties": {"type": {"const": call}}, "required": ["type"]} for call in own)]


def _write(path: Path, document: dict[str, Any]) -> Path:
    """Write one schema, the same bytes whenever the models are the same."""
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
