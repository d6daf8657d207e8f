"""How numbers are written in the review: as on the page."""

from collections.abc import Callable, Mapping


def percent(value: float) -> str:
    """Write a share; near 0 and near 100 % with more digits."""
    per = value * 100
    gap = min(abs(per), 100 - per if 50 < per < 100 else float("inf"))
    digits = 1 if gap == 0 or gap >= 1 else 2 if gap >= 0.1 else 3
    return f"{_plain(per, digits)} %"


def _plain(value: float, digits: int) -> str:
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _ms(value: float) -> str:
    return f"{_plain(value / 1000, 2)} s" if abs(value) >= 1000 else f"{_plain(value, 1)} ms"


def _number(value: float) -> str:
    return _plain(value, 1)


_WRITERS: Mapping[str, Callable[[float], str]] = {
    "share": percent,
    "ratio": lambda value: f"{value * 100:,.0f} %",
    "ms": _ms,
    "score": lambda value: f"{value:+.0f}",
    "hours": lambda value: f"{value:,.0f} h",
    "EUR": lambda value: f"€ {value:,.0f}",
}


def written(value: float | None, unit: str) -> str:
    """Write a value in its unit; a dash where there is none."""
    if value is None:
        return "–"
    return _WRITERS.get(unit, _number)(value)


def changed(value: float, unit: str) -> str:
    """Write a change, with its sign; shares change by points."""
    if unit in ("share", "ratio"):
        text = f"{percent(abs(value)).removesuffix(' %')} points"
    else:
        text = written(abs(value), unit).lstrip("+")
    if not any(digit in text for digit in "123456789"):
        return text
    return f"{'+' if value > 0 else '−'}{text}"


def between(low: float | None, high: float | None, unit: str) -> str:
    """Write an interval; nothing where there is none."""
    return "" if low is None or high is None else f"{written(low, unit)} to {written(high, unit)}"
