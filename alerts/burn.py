"""How fast a budget may burn: windows, and the factors that follow from the period, without rounding."""

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "y": 31_536_000}


def seconds(duration: str) -> int:
    """Read a Prometheus duration of one unit, such as 5m.

    Raises:
        ValueError: it is none.
    """
    match = re.fullmatch(r"([1-9]\d*)([smhdy])", duration)
    if match is None:
        raise ValueError(f"{duration!r} is not a duration such as 30s, 5m, 6h or 3d")
    return int(match[1]) * SECONDS[match[2]]


def exact(number: Fraction) -> str:
    """Write a number for PromQL: as a decimal where it has an end, else as a quotient in brackets."""
    rest = number.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return f"({number.numerator} / {number.denominator})"
    places = 0
    while (number * 10**places).denominator != 1:
        places += 1
    return f"{Decimal((number * 10**places).numerator).scaleb(-places):f}"


@dataclass(frozen=True, slots=True)
class Tier:
    """A pair of windows and the burn rate that is watched in both.

    Attributes:
        long: the window that decides.
        short: the window that ends the alert soon after the trouble ends.
        factor: burn rate: how many times faster than just meeting the objective.
        severity: page or ticket.
    """

    long: str
    short: str
    factor: Fraction
    severity: str

    def threshold(self, allowed: Fraction) -> Fraction:
        """Give the share of bad events from which on it burns too fast; `allowed` is the share that the objective allows."""
        return self.factor * allowed


def factor(budget_share: Decimal, window: str, period: str) -> Fraction:
    """Give the burn rate that spends `budget_share` of the budget of `period` within `window`."""
    return Fraction(budget_share) * seconds(period) / seconds(window)
