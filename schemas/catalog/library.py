"""The library of priced items: searching it, choosing from it, adding to it, changing many items at once."""

from schemas.catalog.base import Properties
from schemas.fields import Count, Currency, FreeText, Identifier, Label, Money


class LibrarySearch(Properties):
    """A user searched the library; `duration_ms` is the time until results were shown."""

    query: FreeText | None = None
    """What was typed."""

    results_count: Count | None = None
    """Items found. Zero is a search that failed its user."""

    filters_count: Count | None = None
    """Filters that were set."""


class LibraryItemSelected(Properties):
    """A user took an item from the library into an estimate."""

    item_id: Identifier
    """The item."""

    rank: Count | None = None
    """Its place in the search results, from 1; 0 when it was not searched for."""

    query: FreeText | None = None
    """The search that led to it."""


class LibraryItemCreated(Properties):
    """A user added an item to the library."""

    item_id: Identifier
    """The new item."""

    category: Label | None = None
    """Its category."""

    unit_price: Money | None = None
    """Its price per unit of measurement."""

    currency: Currency | None = None
    """Currency of the price."""


class BulkOperation(Properties):
    """A user changed many items in one step."""

    operation: Identifier
    """What was done, for example `reprice` or `import`."""

    items_count: Count | None = None
    """Items that it touched."""


EVENTS: dict[str, type[Properties]] = {
    "library.search": LibrarySearch,
    "library.item_selected": LibraryItemSelected,
    "library.item_created": LibraryItemCreated,
    "bulk.operation": BulkOperation,
}
