"""Leaves out the rows of persons who were erased, so that neither a replay nor a retry brings them back."""

from collections.abc import Iterator, Mapping

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from schemas.persons import LINKED, OWN, OWNERS, person_properties

TIMES = ("time", "window_start", "received_at")
"""When what a row tells of happened: the first of these columns that a table has."""
MILLISECONDS = pa.timestamp("ms", tz="UTC")

Hit = tuple[int, str]
"""A row, and the pseudonym by which it belongs to an erased person."""


class Forgotten:
    """The pseudonyms of erased persons, each with the moment up to which the person is forgotten."""

    def __init__(self, until: Mapping[str, int]) -> None:
        """Take pseudonym -> ms since 1970, UTC."""
        self._until = until
        self._names = pa.array(list(until), pa.string())

    def __len__(self) -> int:
        return len(self._until)

    def without(self, rows: pa.Table) -> pa.Table:
        """Give the rows that may be stored.

        A row of an erased person is left out when it tells of something before the person's moment: a fact or dead letter by
        its own time, a row of a rollup by the start of its window. Rows without a person are never touched.
        """
        if not self._until:
            return rows
        hits = [*self._owned(rows), *self._linked(rows), *self._in_properties(rows), *self._in_payload(rows)]
        if not hits:
            return rows
        times = _times(rows)
        kept = np.ones(rows.num_rows, dtype=bool)
        kept[[row for row, name in hits if times[row] < self._until[name]]] = False
        return rows.filter(pa.array(kept))

    def _owned(self, rows: pa.Table) -> Iterator[Hit]:
        """Find rows by the columns that make a row a person's, whatever else stands in it."""
        for column in set(OWN).intersection(rows.column_names):
            yield from self._hits(rows[column])

    def _linked(self, rows: pa.Table) -> Iterator[Hit]:
        """Find rows by device or session, where they say no other owner."""
        owners = [rows[column] for column in OWNERS if column in rows.column_names]
        for column in set(LINKED).intersection(rows.column_names):
            for row, name in self._hits(rows[column]):
                if not any(owner[row].as_py() for owner in owners):
                    yield row, name

    def _in_properties(self, rows: pa.Table) -> Iterator[Hit]:
        """Find rows of the archive by what the JSON text of their properties says."""
        if not {"event", "properties"} <= set(rows.column_names):
            return
        events = [event for event in pc.unique(rows["event"]).to_pylist() if person_properties(event)]
        for row in _places(rows["event"], pa.array(events, pa.string())):
            members = msgspec.json.decode(rows["properties"][row].as_py())
            named = {members.get(name) for name in person_properties(rows["event"][row].as_py())}
            yield from ((int(row), name) for name in named & self._until.keys())

    def _in_payload(self, rows: pa.Table) -> Iterator[Hit]:
        """Find dead letters by whom they name."""
        if "persons" not in rows.column_names:
            return
        persons = rows["persons"].combine_chunks()
        row_of = pc.list_parent_indices(persons)
        yield from ((row_of[place].as_py(), name) for place, name in self._hits(pc.list_flatten(persons)))

    def _hits(self, column: pa.ChunkedArray | pa.Array) -> Iterator[Hit]:
        places = _places(column, self._names)
        return zip(places.tolist(), column.take(pa.array(places)).to_pylist(), strict=True)


def _places(column: pa.ChunkedArray | pa.Array, values: pa.Array) -> NDArray[np.intp]:
    return np.flatnonzero(pc.is_in(column, value_set=values).to_numpy(zero_copy_only=False))


def _times(rows: pa.Table) -> NDArray[np.int64]:
    column = next(rows[name] for name in TIMES if name in rows.column_names)
    times: NDArray[np.int64] = column.cast(MILLISECONDS).cast(pa.int64()).to_numpy()
    return times
