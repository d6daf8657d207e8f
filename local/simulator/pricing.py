"""What people do in the library and in estimates: search, select, change in bulk, calculate, estimate."""

import math
from typing import Final

from local.simulator import world
from local.simulator.application import Application, Endpoint, Visit
from local.simulator.people import Estimate

QUERIES: Final = (
    "concrete C30/37", "rebar 12mm", "brick facing", "gypsum board 12.5", "copper pipe 22", "cable NYM 3x1.5",
    "window triple glazed", "insulation mineral wool 160", "screed cement", "roof tile clay", "door fire T30",
    "formwork wall", "excavation class 3", "scaffold 6 weeks", "paint interior white", "parquet oak",
)  # fmt: skip
CATEGORIES: Final = ("concrete", "masonry", "plumbing", "electrical", "finishes", "earthworks")
FACTOR_KINDS: Final = ("location", "inflation", "complexity")
BULK_OPERATIONS: Final = ("reprice", "import", "assign_category", "delete")

_SEARCH: Final = Endpoint(
    "GET",
    "/api/library/items",
    "SELECT id, name, unit, unit_price FROM library_items WHERE name ILIKE '%%%s%%' ORDER BY rank LIMIT 50",
    "library-search",
)
_SELECT: Final = Endpoint(
    "POST",
    "/api/estimates/{id}/elements",
    "SELECT unit_price, currency FROM prices WHERE item_id = %s AND valid_to IS NULL",
    "prices",
)
_ADD_ITEM: Final = Endpoint(
    "POST",
    "/api/library/items",
    "INSERT INTO library_items (id, name, category) VALUES (%s, 'new item', 'custom')",
)
_BULK: Final = Endpoint(
    "POST", "/api/library/bulk", "UPDATE library_items SET unit_price = unit_price * 1.04 WHERE batch_id = %s"
)
_FACTOR: Final = Endpoint(
    "GET", "/api/factors/{kind}", "SELECT value FROM factors WHERE region_id = %s AND year = 2026", "prices"
)
_CREATE: Final = Endpoint(
    "POST", "/api/estimates", "INSERT INTO estimates (id, owner_id, status) VALUES (%s, 4711, 'draft')"
)
_REVISE: Final = Endpoint(
    "PUT",
    "/api/estimates/{id}",
    "UPDATE estimates SET total = 125000.50, revision = revision + 1 WHERE id = %s",
)
_CLOSE: Final = Endpoint(
    "POST",
    "/api/estimates/{id}/close",
    "UPDATE estimates SET status = 'closed', closed_at = now() WHERE id = %s",
)


def search(app: Application, visit: Visit) -> str:
    """Search the library; return what was searched for, or nothing when nothing was found."""
    query = QUERIES[app.rolls.below(len(QUERIES))]
    found = app.rolls.share() >= world.NOT_FOUND_SHARE
    properties: dict[str, object] = {
        "query": query if found else f"{query} special",
        "results_count": app.rolls.between(1, 120) if found else 0,
        "filters_count": app.rolls.below(4),
    }
    done = app.perform(visit, "library.search", properties, _SEARCH, query)
    return query if done and found else ""


def select(app: Application, visit: Visit, query: str) -> None:
    """Take an item into the estimate; the first results are taken most."""
    number = app.rolls.below(5_000)
    rank = 1 + int(app.rolls.gap() * 3) if query else 0
    properties: dict[str, object] = {"item_id": f"item-{number}", "rank": rank, "query": query}
    app.perform(visit, "library.item_selected", properties, _SELECT, number)


def add_item(app: Application, visit: Visit) -> None:
    """Add an item to the library."""
    properties: dict[str, object] = {
        "item_id": app.new_id("item-own"),
        "category": CATEGORIES[app.rolls.below(len(CATEGORIES))],
        "unit_price": round(4 + 60 * app.rolls.gap(), 2),
        "currency": world.CURRENCY,
    }
    app.perform(visit, "library.item_created", properties, _ADD_ITEM, app.rolls.below(100_000))


def change_in_bulk(app: Application, visit: Visit) -> None:
    """Change many items in one step."""
    properties: dict[str, object] = {
        "operation": BULK_OPERATIONS[app.rolls.below(len(BULK_OPERATIONS))],
        "items_count": app.rolls.between(10, 800),
    }
    app.perform(visit, "bulk.operation", properties, _BULK, app.rolls.below(10_000))


def calculate_factor(app: Application, visit: Visit) -> None:
    """Calculate a factor."""
    properties: dict[str, object] = {
        "factor_kind": FACTOR_KINDS[app.rolls.below(len(FACTOR_KINDS))],
        "inputs_count": app.rolls.between(2, 14),
    }
    app.perform(visit, "factor.calculated", properties, _FACTOR, app.rolls.below(400))


def create_estimate(app: Application, visit: Visit, *, library: bool, bulk: bool, spreadsheet: bool) -> None:
    """Finish a new estimate; with library items it takes about half the time."""
    elements = app.rolls.between(world.ELEMENTS.low, world.ELEMENTS.high)
    cost = round(elements * world.COST_PER_ELEMENT * math.exp(world.COST_SPREAD * app.rolls.normal()), 2)
    estimate = Estimate(app.new_id("est"), cost, library)
    properties: dict[str, object] = {
        "estimate_id": estimate.estimate_id,
        "elements_count": elements,
        "library_items_count": int(elements * (0.4 + app.rolls.share() * 0.5)) if library else 0,
        "used_bulk": bulk,
        "used_spreadsheet": spreadsheet,
        "estimated_cost": cost,
        "currency": world.CURRENCY,
    }
    took_ms = app.worked_ms(visit, "estimate with library" if library else "estimate without")
    if app.perform(visit, "estimate.created", properties, _CREATE, app.rolls.below(1_000_000), took_ms):
        visit.person.estimates.append(estimate)
        app.truth.estimates["created", library] += 1


def revise_estimate(app: Application, visit: Visit, estimate: Estimate) -> None:
    """Save a changed estimate."""
    properties: dict[str, object] = {
        "estimate_id": estimate.estimate_id,
        "revision": estimate.revisions + 1,
        "elements_changed": app.rolls.between(1, 20),
    }
    if app.perform(visit, "estimate.revised", properties, _REVISE, app.rolls.below(1_000_000)):
        estimate.revisions += 1
        estimate.cost = round(estimate.cost * (0.97 + 0.06 * app.rolls.share()), 2)


def close_estimate(app: Application, visit: Visit, estimate: Estimate) -> None:
    """Close an estimate with what it cost in the end."""
    spread = world.ESTIMATE_SPREAD["library" if estimate.from_library else "plain"]
    ratio = world.ESTIMATE_BIAS * math.exp(spread * app.rolls.normal())
    properties: dict[str, object] = {
        "estimate_id": estimate.estimate_id,
        "estimated_cost": estimate.cost,
        "actual_cost": round(estimate.cost * ratio, 2),
        "currency": world.CURRENCY,
        "revisions_count": estimate.revisions,
    }
    if app.perform(visit, "estimate.closed", properties, _CLOSE, app.rolls.below(1_000_000)):
        visit.person.estimates.remove(estimate)
        app.truth.estimates["closed", estimate.from_library] += 1
