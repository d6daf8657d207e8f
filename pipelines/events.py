"""The accepted events of one step, from which each rollup takes the rows and columns that it looks at."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipelines.columns import Coded, Column, Columns, coded, length, moments, numbers, scattered, take
from pipelines.derived import DERIVED
from schemas.narrow import PROPERTIES

PLACE = frozenset({"time", "record_time", "partition", "offset", "late_block"})
"""Columns that say when and where an event came; every rollup and fact table reads some of them."""

TEXT_KINDS = {msgspec.inspect.StrType, msgspec.inspect.LiteralType}


@dataclass(frozen=True, slots=True)
class Events:
    """Events as columns, with their typed properties at hand.

    Attributes:
        columns: what every event has.
        properties: the typed properties of each event.
    """

    columns: Columns
    properties: list[Any]
    _derived: dict[str, Column] = field(default_factory=dict)

    def __len__(self) -> int:
        return length(self.columns)

    def of(self, names: tuple[str, ...] | None, wanted: AbstractSet[str]) -> Columns | None:
        """Take the events of these names (None: all), with PLACE and the wanted columns; None where there are none.

        A name that ends in `*` stands for all names that begin so.
        """
        rows = self._rows(names)
        if not len(rows):
            return None
        columns = {name: column for name, column in self.columns.items() if _is_wanted(name, wanted)}
        columns |= {name: self._derive(name) for name in wanted & DERIVED.keys()}
        if len(rows) < len(self):
            columns = take(columns, rows)
        missing = sorted(wanted - columns.keys())
        own = [self.properties[row] for row in rows.tolist()] if missing else []
        return {**columns, **{name: _property(name, own, names) for name in missing}}

    def _rows(self, names: tuple[str, ...] | None) -> NDArray[np.intp]:
        if names is None:
            return np.arange(len(self))
        found = coded(self.columns, "event")
        beginnings = tuple(name[:-1] for name in names if name.endswith("*"))
        codes = [code for code, event in enumerate(found.values) if event in names or event.startswith(beginnings)]
        return np.flatnonzero(np.isin(found.codes, codes))

    def _derive(self, name: str) -> Column:
        """Compute a derived column of all events, once for all who ask for it."""
        if name not in self._derived:
            derived = DERIVED[name]
            own = self.of(derived.events, set(derived.inputs))
            made = Coded.of([]) if own is None else derived.compute(own)
            whole = derived.events is None
            self._derived[name] = made if whole else scattered(made, self._rows(derived.events), len(self))
        return self._derived[name]


def _property(name: str, properties: list[Any], names: tuple[str, ...] | None) -> Column:
    """Make the column of a property, unknown where an event does not have it."""
    values = [getattr(own, name, None) for own in properties]
    kinds = _kinds(name, names)
    if kinds & TEXT_KINDS:
        return Coded.of(values)
    return moments(values) if msgspec.inspect.DateTimeType in kinds else numbers(values)


def _is_wanted(name: str, wanted: AbstractSet[str]) -> bool:
    """Tell whether a column is read; the buckets of a column (see `Sketch`) are wanted with it."""
    return name in PLACE or name.partition(".")[0] in wanted


@cache
def _kinds(name: str, names: tuple[str, ...] | None) -> set[type]:
    """Look up what a property holds: a batch in which it is always unknown cannot tell.

    Raises:
        LookupError: none of the events declares it.
    """
    for event in names or ():
        for own in msgspec.structs.fields(PROPERTIES[event]) if event in PROPERTIES else ():
            if own.name == name:
                info = msgspec.inspect.type_info(own.type)
                members = info.types if isinstance(info, msgspec.inspect.UnionType) else (info,)
                return {type(member) for member in members}
    raise LookupError(f"none of the events {names} declares the property {name}")
