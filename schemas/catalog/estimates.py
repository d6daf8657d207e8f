"""Estimates: the factors behind them, and their life from creation to the actual cost."""

from schemas.catalog.base import Properties
from schemas.fields import Count, Currency, Identifier, Money


class FactorCalculated(Properties):
    """The application calculated a factor (location, inflation, complexity)."""

    factor_kind: Identifier
    """Which factor."""

    inputs_count: Count | None = None
    """Inputs that went into it."""


class EstimateCreated(Properties):
    """A user finished a new estimate; `duration_ms` is the time that creating it took."""

    estimate_id: Identifier
    """The estimate."""

    elements_count: Count | None = None
    """Elements (priced lines) in it."""

    library_items_count: Count | None = None
    """Elements that came from the library."""

    used_bulk: bool | None = None
    """Whether bulk operations were used on it."""

    used_spreadsheet: bool | None = None
    """Whether the spreadsheet editor was used on it."""

    estimated_cost: Money | None = None
    """Total."""

    currency: Currency | None = None
    """Currency of the total."""


class EstimateRevised(Properties):
    """A user saved a changed estimate."""

    estimate_id: Identifier
    """The estimate."""

    revision: Count | None = None
    """Number of the revision; the first version is 0."""

    elements_changed: Count | None = None
    """Elements added, removed or changed."""


class EstimateClosed(Properties):
    """The project behind an estimate ended and its cost is known."""

    estimate_id: Identifier
    """The estimate."""

    estimated_cost: Money | None = None
    """Total of the last revision."""

    actual_cost: Money | None = None
    """What it cost in the end; with `estimated_cost` it gives the accuracy."""

    currency: Currency | None = None
    """Currency of both amounts."""

    revisions_count: Count | None = None
    """Revisions until it was closed."""


EVENTS: dict[str, type[Properties]] = {
    "factor.calculated": FactorCalculated,
    "estimate.created": EstimateCreated,
    "estimate.revised": EstimateRevised,
    "estimate.closed": EstimateClosed,
}
