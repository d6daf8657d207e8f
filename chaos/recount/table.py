"""What a table of the recount is: its columns in order, what each holds, and which of them tell a row from all others."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

Key = tuple[Any, ...]
Row = tuple[Any, ...]
"""Values in the order of the table's columns."""
Rows = dict[Key, Row]


class Kind(Enum):
    """What a column holds, and in which form a row of the recount has it."""

    SECONDS = "a time, whole seconds since 1970"
    MOMENT = "a time, ms since 1970"
    TEXT = "text"
    NUMBER = "a number, True, False or None"
    SKETCH = "buckets and their counts, as the text {bucket:count,…}, buckets ascending"
    BYTES = "bytes, as hexadecimal digits"
    JSON = "JSON, as `chaos.recount.json_values.written` writes it"
    TEXTS = "several texts, as a tuple"


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table that the pipeline writes.

    Attributes:
        name: in ClickHouse.
        key: columns that tell a row from all others.
        columns: every column that is a figure, and what it holds.
    """

    name: str
    key: tuple[str, ...]
    columns: Mapping[str, Kind]

    def key_of(self, row: Row) -> Key:
        """Give the key of a row."""
        by_name = dict(zip(self.columns, row, strict=True))
        return tuple(by_name[name] for name in self.key)


def sketch_text(buckets: Mapping[int, int]) -> str:
    """Write a sketch as ClickHouse writes a map whose keys ascend."""
    return "{" + ",".join(f"{bucket}:{buckets[bucket]}" for bucket in sorted(buckets)) + "}"
