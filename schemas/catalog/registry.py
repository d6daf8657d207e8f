"""The catalog as one table: event name to property model, gathered from the family files.

A name that ends in `*` stands for all names that begin so: the application chooses how they go on.
"""

from collections.abc import Iterable
from types import MappingProxyType
from typing import Final

from schemas.catalog import (
    calls,
    errors,
    estimates,
    experiments,
    goals,
    health,
    library,
    security,
    server,
    support,
    usage,
)
from schemas.catalog.base import Properties

FAMILIES: Final = (library, estimates, usage, calls, errors, server, health, experiments, goals, support, security)


def _gather(families: Iterable[dict[str, type[Properties]]]) -> dict[str, type[Properties]]:
    """Join the families. Raises ValueError when two of them claim one event name."""
    catalog: dict[str, type[Properties]] = {}
    for family in families:
        if twice := catalog.keys() & family.keys():
            raise ValueError(f"declared in two event families: {sorted(twice)}; keep each name in one")
        catalog |= family
    return catalog


CATALOG: Final = MappingProxyType(_gather(family.EVENTS for family in FAMILIES))
"""Every event of the catalog, by name, in the order of the families."""


_OPEN: Final = tuple(name for name in CATALOG if name.endswith("*"))


def catalog_name(event: str) -> str | None:
    """Return the name that the catalog has an event under, its own or one that ends in `*`; None if it has none."""
    if event in CATALOG:
        return event
    return next((name for name in _OPEN if event.startswith(name[:-1])), None)


def properties_model(event: str) -> type[Properties]:
    """Return the property model of an event; an unknown name has the base properties."""
    name = catalog_name(event)
    return Properties if name is None else CATALOG[name]
