"""Compiles declarations to SQL: what their tables hold, and what the archive says they should hold.

The same declaration on a different machine: `tidegauge audit` and the tests compare both figures. Rows are merged over partitions
and late blocks, as views have them. The archive keeps properties as the JSON that came, so types are looked up in the catalog.

One known difference: of a member that stands twice in one JSON object the pipeline reads the last, ClickHouse the first.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.archive import ARCHIVE
from pipelines.derived import DERIVED
from pipelines.facts import Facts
from pipelines.rollup import Condition, Count, Extreme, Measure, Rollup, Sketch, Sum
from pipelines.sketch import BOUNDS, LOWEST_KEY, SMALLEST, ZERO_BUCKET
from schemas.catalog import CATALOG, properties_model
from schemas.shape import Shape, shapes

PERIOD = (
    "{column} >= fromUnixTimestamp64Milli({{since:Int64}}) AND {column} < fromUnixTimestamp64Milli({{until:Int64}})"
)
"""Both sides take the parameters `since` and `until` (without), ms since 1970; windows must not straddle them."""
ARCHIVE_NUMBERS = frozenset({"duration_ms"})
"""Columns of the archive that hold numbers, NULL for unknown."""
ARCHIVE_TEXTS = frozenset(ARCHIVE.columns) - ARCHIVE_NUMBERS - DERIVED.keys() - {"properties"}
"""Columns of the archive that hold text, '' for unknown."""
TIMES = {"time": "e.time", "record_time": "e.received_at"}
"""Columns of events that are times, in ms, and what they are in the archive."""
BOUNDS_SQL = f"[{', '.join(map(repr, BOUNDS.tolist()))}]"
"""The bounds of the buckets of a sketch, as `pipelines.sketch` has them."""
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two SELECTs that must give the same rows: `keys`, `measures` and `events` (how many events a row counts).

    Attributes:
        name: of the rollup or fact table.
        table: that holds the figures.
        keys: columns that tell rows apart; the first is `window_start`.
        measures: columns that are compared.
        window_ms: length of the window.
        stored: what the table holds.
        recounted: what the archive says.
        extents: for each side the SELECT of its first and last time, ms since 1970 (0 and 0 for none).
    """

    name: str
    table: str
    keys: tuple[str, ...]
    measures: tuple[str, ...]
    window_ms: int
    stored: str
    recounted: str
    extents: tuple[str, str]


def rollup_comparison(rollup: Rollup) -> Comparison:
    """Compare a rollup with the archive. Of one over records, only what the archive knows: counted and late events."""
    keys = ("window_start", *rollup.dimensions)
    measures = {name: m for name, m in rollup.measures.items() if rollup.over == "events" or _is_of_archived(m)}
    events = "r.version" if rollup.over == "events" else " + ".join(f"r.{name}" for name in measures)
    stored = [
        "r.window_start AS window_start",
        *(f"toString(r.{name}) AS {name}" for name in rollup.dimensions),
        *(f"{_merged(measure, name)} AS {name}" for name, measure in measures.items()),
        f"sum({events}) AS events",
    ]
    # A minute in which everything was rejected is a row of the ledger that the archive cannot know.
    own = _select(stored, f"{rollup.table} AS r FINAL", [PERIOD.format(column="r.window_start")], keys)
    return Comparison(
        rollup.name,
        rollup.table,
        keys,
        tuple(measures),
        rollup.window_ms,
        f"{own} HAVING events > 0",
        recount_sql(rollup, measures),
        (_extent(rollup.table, "e.window_start", ""), _extent(ARCHIVE.table, _time(rollup), _chosen(rollup.events))),
    )


def facts_comparison(facts: Facts) -> Comparison:
    """Compare a fact table with the archive, by hour and partition: how many rows, how many late, and the sum of offsets."""
    keys = ("window_start", "partition")
    columns = [
        f"{_window('e.time', HOUR_MS)} AS window_start",
        "toString(e.partition) AS partition",
        "countIf(e.late) AS late_rows",
        "sum(e.offset) AS offsets",
        "count() AS events",
    ]
    period = PERIOD.format(column="e.time")
    chosen = _chosen(facts.events)
    return Comparison(
        facts.name,
        facts.table,
        keys,
        ("late_rows", "offsets"),
        HOUR_MS,
        _select(columns, f"{facts.table} AS e FINAL", [period], keys),
        _select(columns, f"{ARCHIVE.table} AS e FINAL", [period, chosen], keys),
        (_extent(facts.table, "e.time", ""), _extent(ARCHIVE.table, "e.time", chosen)),
    )


def recount_sql(rollup: Rollup, measures: Mapping[str, Measure] | None = None) -> str:
    """Give the SELECT that recounts a rollup (or some of its measures) from the archive, for the period of its parameters."""
    time = _time(rollup)
    columns = [
        f"{_window(time, rollup.window_ms)} AS window_start",
        *(f"{_text(name, rollup)} AS {name}" for name in rollup.dimensions),
        *(f"{_measure(m, rollup)} AS {name}" for name, m in (measures or rollup.measures).items()),
        "count() AS events",
    ]
    where = "" if rollup.where is None else _condition(rollup.where, rollup)
    conditions = [PERIOD.format(column=time), _chosen(rollup.events), where]
    select = _select(columns, f"{ARCHIVE.table} AS e FINAL", conditions, ("window_start", *rollup.dimensions))
    return f"WITH {BOUNDS_SQL} AS bounds {select}" if rollup.sketch else select


def _select(columns: list[str], source: str, conditions: list[str], keys: tuple[str, ...]) -> str:
    where = " AND ".join(filter(None, conditions))
    return f"SELECT {', '.join(columns)} FROM {source} WHERE {where} GROUP BY {', '.join(keys)}"


def _extent(table: str, time: str, condition: str) -> str:
    moments = ", ".join(f"toUnixTimestamp64Milli(toDateTime64({which}({time}), 3, 'UTC'))" for which in ("min", "max"))
    return f"SELECT {moments} FROM {table} AS e WHERE {condition or 'true'}"


def _time(rollup: Rollup) -> str:
    """Say which time decides the window: an event's own, a record's Kafka timestamp."""
    return TIMES["time" if rollup.over == "events" else "record_time"]


def _window(time: str, length_ms: int) -> str:
    seconds = length_ms // 1000
    return f"toDateTime(intDiv(toUnixTimestamp({time}), {seconds}) * {seconds}, 'UTC')"


def _is_of_archived(measure: Measure) -> bool:
    where = measure.where if isinstance(measure, Count) else None
    return where is not None and where.column == "verdict" and where.value in ("counted", "late")


def _chosen(events: tuple[str, ...] | None) -> str:
    """Choose events by name; a name that ends in `*` stands for all that begin so."""
    if events is None:
        return ""
    plain = ", ".join(_quoted(name) for name in events if not name.endswith("*"))
    tests = [f"startsWith(event, {_quoted(name[:-1])})" for name in events if name.endswith("*")]
    return f"({' OR '.join([f'event IN ({plain})', *tests] if plain else tests)})"


def _merged(measure: Measure, name: str) -> str:
    """Merge what the rows of a table hold, over partitions and late blocks."""
    match measure:
        case Extreme(which=which):
            return f"{which}(r.{name})"
        case Sketch():
            return f"sumMap(r.{name})"
    return f"sum(r.{name})"


def _measure(measure: Measure, rollup: Rollup) -> str:
    match measure:
        case Count(where=None):
            return "count()"
        case Count(where=condition) if condition is not None:
            return f"countIf({_condition(condition, rollup)})"
        case Sum(column=column, scale=scale):
            return f"sum(ifNull(toInt64(floor({_number(column, rollup)} * {scale} + 0.5)), 0))"
        case Extreme(column=column, which=which):
            return f"{which}({_number(column, rollup)})"
        case Sketch(column=column):
            number = _number(column, rollup)
            return f"sumMapIf(map({_bucket(f'assumeNotNull({number})')}, toUInt64(1)), {number} IS NOT NULL)"
    raise TypeError(f"no SQL for {measure}")


def _condition(condition: Condition, rollup: Rollup) -> str:
    name, value = condition.column, condition.value
    if _is_text(name, rollup):
        return f"{_text(name, rollup)} {'!=' if value is None else '='} {_quoted('' if value is None else str(value))}"
    if value is None:
        return f"{_number(name, rollup)} IS NOT NULL"
    return f"ifNull({_number(name, rollup)} = {float(value)}, false)"


def _bucket(value: str) -> str:
    """Find the bucket as `pipelines.sketch.bucket_of` does: the logarithm to within one, the bounds settle it."""
    lowest, highest = LOWEST_KEY + 1, LOWEST_KEY + len(BOUNDS) - 2
    guess = (
        f"toInt16(least(greatest(ceil(log(greatest({value}, {SMALLEST})) / log(1.01 / 0.99)), {lowest}), {highest}))"
    )
    settled = f"{guess} + ({value} > bounds[{guess} + {1 - LOWEST_KEY}]) - ({value} <= bounds[{guess} + {-LOWEST_KEY}])"
    return f"if({value} < {SMALLEST}, toInt16({ZERO_BUCKET}), toInt16({settled}))"


def _text(name: str, rollup: Rollup) -> str:
    if name == "verdict":
        return "if(e.late, 'late', 'counted')"
    if name in DERIVED:
        return DERIVED[name].sql
    if name in ARCHIVE_TEXTS:
        return f"e.{name}"
    return _if_declared(name, rollup, f"JSONExtractString(e.properties, {_quoted(name)})", "''")


def _number(name: str, rollup: Rollup) -> str:
    if name in ARCHIVE_NUMBERS:
        return f"e.{name}"
    if name in TIMES:
        return f"toFloat64(toUnixTimestamp64Milli({TIMES[name]}))"
    return _if_declared(name, rollup, f"JSONExtract(e.properties, {_quoted(name)}, 'Nullable(Float64)')", "NULL")


def _if_declared(name: str, rollup: Rollup, value: str, unknown: str) -> str:
    """Read a property of those events alone that declare it: for the others it is a member that nobody checked."""
    declaring = tuple(event for event in rollup.events or () if _declared(name, event) is not None)
    return value if declaring == rollup.events else f"if({_chosen(declaring)}, {value}, {unknown})"


def _is_text(name: str, rollup: Rollup) -> bool:
    if name in ARCHIVE_NUMBERS or name in TIMES:
        return False
    if name in ARCHIVE_TEXTS or name in DERIVED or name == "verdict":
        return True
    for event in rollup.events or ():
        if (shape := _declared(name, event)) is not None:
            return shape.base is str
    raise ValueError(f"rollup {rollup.name}: none of its events declares the property {name}")


def _declared(name: str, event: str) -> Shape | None:
    model = CATALOG.get(event) or properties_model(event)
    return next((shape for shape in shapes(model) if shape.name == name), None)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
