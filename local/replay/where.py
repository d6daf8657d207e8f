"""Filters of a replay: `--where field=value`, all of which a record must meet."""

from collections.abc import Iterable
from dataclasses import dataclass

from local.replay.values import Fields, look_up


@dataclass(frozen=True, slots=True)
class Where:
    """A field, `a.b` for a field within a field, and the text that its value must be."""

    field: str
    value: str

    def holds(self, record: Fields) -> bool:
        """Tell whether a record meets it; one without the field does not."""
        try:
            found = look_up(record, self.field)
        except ValueError:
            return False
        if isinstance(found, bool):
            return str(found).lower() == self.value.lower()
        return str(found) == self.value


def parse_where(texts: Iterable[str]) -> tuple[Where, ...]:
    """Read `field=value` texts.

    Raises:
        ValueError: one of them has no `=`.
    """
    parts = [text.partition("=") for text in texts]
    for field, equals, _ in parts:
        if not equals or not field:
            raise ValueError(f"{field!r} is not a filter: write field=value, for example route=/v1/items")
    return tuple(Where(field.strip(), value) for field, _, value in parts)
