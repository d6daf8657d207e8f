"""Checks a value by a JSON Schema: only the keywords that our files use, and an error for any other.

Written from the 2020-12 specification, so that the files are tested without the models that wrote them.
"""

import json
import re
from pathlib import Path
from typing import Any

import msgspec

from schemas.fields import read_instant

SILENT = {"$schema", "$defs", "title", "description", "unit", "person", "free", "additionalProperties"}
TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
    "integer": (int,),
    "number": (int, float),
}


def conforms(value: Any, file: Path) -> bool:
    """Tell whether a value conforms to the schema in a file."""
    document = json.loads(file.read_text("utf-8"))
    return _conforms(value, document, document, file.parent)


def _conforms(value: Any, schema: dict[str, Any], root: dict[str, Any], folder: Path) -> bool:
    def by(part: dict[str, Any]) -> bool:
        return _conforms(value, part, root, folder)

    return all(
        _refers(value, wanted, root, folder)
        if keyword == "$ref"
        else all(map(by, wanted))
        if keyword == "allOf"
        else any(map(by, wanted))
        if keyword == "anyOf"
        else _members_conform(value, wanted, root, folder)
        if keyword == "properties"
        else _holds(value, keyword, wanted)
        for keyword, wanted in schema.items()
        if keyword not in SILENT
    )


def _refers(value: Any, target: str, root: dict[str, Any], folder: Path) -> bool:
    name = target.removeprefix("#/$defs/")
    return conforms(value, folder / target) if name == target else _conforms(value, root["$defs"][name], root, folder)


def _members_conform(value: Any, wanted: dict[str, Any], root: dict[str, Any], folder: Path) -> bool:
    if not isinstance(value, dict):
        return True
    return all(_conforms(value[name], part, root, folder) for name, part in wanted.items() if name in value)


def _holds(value: Any, keyword: str, wanted: Any) -> bool:
    text, number = isinstance(value, str), isinstance(value, int | float) and not isinstance(value, bool)
    match keyword:
        case "type":
            return isinstance(value, TYPES[wanted]) and (wanted == "boolean" or not isinstance(value, bool))
        case "const":
            return bool(value == wanted)
        case "enum":
            return value in wanted
        case "required":
            return not isinstance(value, dict) or value.keys() >= set(wanted)
        case "minimum":
            return not number or value >= wanted
        case "maximum":
            return not number or value <= wanted
        case "minLength":
            return not text or len(value) >= wanted
        case "maxLength":
            return not text or len(value) <= wanted
        case "pattern":
            return not text or re.search(wanted, value) is not None
        case "format":
            return not text or (wanted == "date-time" and _is_instant(value))
    raise NotImplementedError(f"the checker does not know the keyword {keyword}")


def _is_instant(text: str) -> bool:
    try:
        read_instant(text)
    except msgspec.ValidationError:
        return False
    return True
