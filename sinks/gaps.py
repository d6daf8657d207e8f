"""Keeps in ClickHouse which records were gone from Kafka before they could be read, so that the ledger shows the gap."""

from collections.abc import Sequence
from typing import Protocol

import pyarrow as pa

TABLE = "gaps_rows"


class Gap(Protocol):
    """Stream offsets `first` up to, without, `end` of a partition; see `pipelines.positions.Gap`."""

    @property
    def partition(self) -> int:
        """Kafka partition."""

    @property
    def first(self) -> int:
        """Stream offset of the first record that is gone."""

    @property
    def end(self) -> int:
        """Stream offset of the first record that is there again."""


def gap_rows(gaps: Sequence[Gap]) -> pa.Table:
    """Give the rows of the table `gaps_rows`; the same gap again gives the same row."""
    return pa.table(
        {
            "partition": pa.array([gap.partition for gap in gaps], pa.uint32()),
            "first_offset": pa.array([gap.first for gap in gaps], pa.uint64()),
            "end_offset": pa.array([gap.end for gap in gaps], pa.uint64()),
        }
    )
