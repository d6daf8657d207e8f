"""Holding estimates against what is so: a 95 % interval misses it now and then, and by how much says whether by chance."""

from collections.abc import Sequence
from typing import Any

FAR = 4.5 / 1.96
"""A true value lies outside an interval that is so many times as wide once in 150,000 times."""

Check = tuple[str, float, float, float, float]
"""What it is, the estimate, its interval (low, high), and the truth."""


def check(what: object, row: dict[str, Any], name: str, truth: float) -> Check:
    """Make a check of columns `name`, `name`_low and `name`_high."""
    return f"{name} of {what}", row[name], row[f"{name}_low"], row[f"{name}_high"], truth


def assert_near(checks: Sequence[Check]) -> None:
    """Require that no truth is far from its estimate, and that three quarters lie in their intervals.

    Several figures of the same few events miss together, so the second is loose; `test_functions` counts exactly how often
    intervals hold the truth.
    """
    inside = 0
    for what, estimate, low, high, truth in checks:
        assert low - 1e-9 <= estimate <= high + 1e-9, what
        assert estimate - FAR * (estimate - low) - 1e-9 <= truth <= estimate + FAR * (high - estimate) + 1e-9, what
        inside += low <= truth <= high
    assert inside >= len(checks) * 0.75 - 1, f"only {inside} of {len(checks)} truths lie in their intervals"


def holds(row: dict[str, Any], name: str) -> bool:
    """Tell whether the interval of column `name` holds it, but for rounding."""
    return bool(row[f"{name}_low"] - 1e-9 <= row[name] <= row[f"{name}_high"] + 1e-9)
