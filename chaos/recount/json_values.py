"""JSON compared by what it says: spaces, the order of members and the spelling of a number are no difference."""

import json
from typing import Any


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


def _whole(digits: str) -> Any:
    # Python reads no number of more than 4,300 digits; it stands for itself, then.
    try:
        return int(digits)
    except ValueError:
        return f"number {digits}"


read = json.JSONDecoder(parse_constant=_refuse).decode
"""Reads a JSON text; of a member that occurs twice the last counts. Raises ValueError, or RecursionError where it is too deep."""
_read_huge = json.JSONDecoder(parse_int=_whole).decode
_write = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def read_any(text: str) -> Any:
    """Read a JSON text that may hold numbers of any length. Raises ValueError where it is none."""
    try:
        return read(text)
    except ValueError:
        return _read_huge(text)


def written(value: Any) -> str:
    """Write a value the one way in which equal values are equal texts."""
    return _write(value)
