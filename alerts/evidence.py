"""How many failures are evidence: binomial reasoning, so that one failure of one request wakes nobody.

Assume that the objective is just met: each event is bad with probability e, the share that it allows. If k of n events are
bad, P(Bin(n, e) >= k) is how likely chance alone would do that. An alert may look at its long window as often as it likes, but
only about one look a window is independent of the others; so with P below window / Y, chance alone raises it about once in Y.

PromQL cannot sum binomials, but it has ln: P(Bin(n, e) >= k) <= exp(-n D), where q = k / n and
D = q ln(q / e) + (1 - q) ln((1 - q) / (1 - e)). That is Chernoff's bound: true for every n, no normal approximation. It is the
probability itself where all failed, and never below it. So rules compare n D with ln(Y / window), which errs only towards
silence, by a failure or two.
"""

from math import exp, fsum, inf, lgamma, log, log1p

LEAST_BAD = 2
"""Fewer bad events are never evidence: a single one is no pattern, however unlikely."""


def surprise(bad: int, total: int, allowed: float) -> float:
    """Give n D, a lower bound of -ln P(Bin(total, allowed) >= bad); 0 where the share is not above what is allowed."""
    if not total or bad / total <= allowed:
        return 0.0
    good = total - bad
    rest = good * log(good / total / (1 - allowed)) if good else 0.0
    return bad * log(bad / total / allowed) + rest


def chance(bad: int, total: int, allowed: float) -> float:
    """Give P(Bin(total, allowed) >= bad), up to rounding of floats."""
    return min(fsum(_probability(k, total, allowed) for k in range(bad, total + 1)), 1.0)


def needed(total: int, allowed: float, enough: float) -> int | None:
    """Give the fewest bad events of `total` that are evidence for rules that want a surprise of `enough`; None where none are."""
    return next((bad for bad in range(LEAST_BAD, total + 1) if surprise(bad, total, allowed) >= enough), None)


def enough(window_seconds: int, false_page_every_seconds: int) -> float:
    """Give the surprise that a window needs so that chance alone raises its alert once in the given time."""
    return log(false_page_every_seconds / window_seconds) if window_seconds else inf


def _probability(k: int, n: int, p: float) -> float:
    ways = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)  # as logarithms: the numbers themselves are too large
    return exp(ways + k * log(p) + (n - k) * log1p(-p))
