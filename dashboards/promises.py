"""The SQL that counts good and bad events of every promise, made from alerts/slos.yaml so that none can be forgotten.

A panel writes `{{promises operations}}` (by 10 s) or `{{promises operations_hourly}}` (by the hour) in place of a table with
the columns `at`, `promise`, `service`, `environment`, `release`, `bad`, `total`. With a length behind it,
`{{promises operations 1 HOUR}}`, it is about so long before the end of the range, whatever the range is;
`{{promises operations only NAME}}` is about one promise.
"""

from collections.abc import Iterator, Sequence

from dashboards.objectives import Promise, promises

NOT_STORED = "older_than"
"""What is measured in Prometheus alone: how old events are when they are counted."""
_COLUMNS = "window_start AS at, '{name}' AS promise, service, environment, release"
_NO_SPLIT = "minute AS at, '{name}' AS promise, '' AS service, {environment} AS environment, '' AS release"


def stored() -> tuple[Promise, ...]:
    """Give the promises that the stored figures can tell about."""
    return tuple(promise for promise in promises() if NOT_STORED not in promise.indicator)


def promises_table(view: str, length: str | None = None, only: str | None = None) -> str:
    """Give the table expression.

    Args:
        view: operations or operations_hourly.
        length: for example "1 HOUR", before the end of the range; None is the whole range.
        only: the name of the one promise that is wanted, or None for all.

    Raises:
        ValueError: an indicator of slos.yaml is of a kind that is not known here, or there is no such promise.
    """
    wanted = [promise for promise in stored() if only in (None, promise.name)]
    if not wanted:
        raise ValueError(f"alerts/slos.yaml has no promise {only!r}")
    parts = "\n    UNION ALL ".join(part for promise in wanted for part in _parts(promise, view, length))
    return f"(\n    {parts}\n)"


def _parts(promise: Promise, view: str, length: str | None) -> Iterator[str]:
    kind, value = next((kind, value) for kind, value in promise.indicator.items() if kind != "operation")
    columns = _COLUMNS.format(name=promise.name)
    if kind == "slower_than":
        bound = float(value) * 1000
        yield (
            f"SELECT {columns}, toUInt64(latency_slower(duration_sketch, {bound:g})) AS bad, duration_count AS total "
            f"FROM {view} WHERE event = '{promise.indicator['operation']}' AND {_within('window_start', length)}"
        )
    elif kind in ("errors_of", "errors_except"):
        negated = "NOT " if kind == "errors_except" else ""
        yield (
            f"SELECT {columns}, errors AS bad, outcomes AS total FROM {view} "
            f"WHERE event {negated}IN ({_texts(value)}) AND outcomes > 0 AND {_within('window_start', length)}"
        )
    elif kind == "probes_of":
        columns = _NO_SPLIT.format(name=promise.name, environment="environment")
        yield (
            f"SELECT {columns}, toUInt64(probes - answered) AS bad, probes AS total FROM availability_minutes "
            f"WHERE target = '{value}' AND {_within('minute', length)}"
        )
    elif kind == "verdict":
        columns = _NO_SPLIT.format(name=promise.name, environment="''")
        yield f"SELECT {columns}, {value} AS bad, received AS total FROM ledger WHERE {_within('minute', length)}"
    else:
        raise ValueError(f"{promise.name}: no way is known to count {kind!r}; add it to dashboards/promises.py")


def _within(column: str, length: str | None) -> str:
    if length is None:
        return f"$__timeFilter({column})"
    return f"{column} > $__toTime - INTERVAL {length} AND {column} <= $__toTime"


def _texts(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
