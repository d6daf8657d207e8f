"""Health of the machines: probes and resource samples."""

from typing import Literal

from schemas.catalog.base import Properties
from schemas.fields import ByteSize, Count, Label, Ratio


class ProbeChecked(Properties):
    """A probe asked whether a part answers; `duration_ms` is the time until it did."""

    target: Literal["application", "database"]
    """The part."""

    up: bool
    """Whether it answered."""


class ResourceSampled(Properties):
    """A host reported what it uses."""

    host: Label | None = None
    """The host."""

    cpu_ratio: Ratio | None = None
    """Share of all its processors in use."""

    memory_bytes: ByteSize | None = None
    """Memory in use."""

    connections: Count | None = None
    """Open connections."""


EVENTS: dict[str, type[Properties]] = {
    "probe.checked": ProbeChecked,
    "resource.sampled": ResourceSampled,
}
