"""Unit tests for promtool, made from the objectives and not from the rules, so that a wrong rule cannot prove itself.

promtool evaluates every group at one interval and does not look at the groups' own. So what happens within seconds is looked at
each second, and the windows of hours and days at the pace of PACE.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from alerts.burn import Tier, seconds
from alerts.conditions import Condition, Proof
from alerts.conditions import labels as condition_labels
from alerts.slo_rules import KEPT_FIRING, NOW, labels
from alerts.slos import Age, Count, Errors, ErrorsExcept, Indicator, Latency, Probes, Slo, SloFile, Verdict

Piece = tuple[int, int, int]
"""So many steps, with so many events in each, of which so many are bad."""
PACE = ((3_600, "1m"), (6 * 3_600, "5m"), (86_400, "15m"), (10**9, "30m"))
"""Longest window in seconds, and how often rules are evaluated in its tests."""
BUSY = 10_000_000
"""Events a step in tests in which evidence is not the question: a hundredth too much of so many is no chance."""


def now_test(slo: Slo, rules: str) -> dict[str, Any]:
    """Make the test file of an objective's outages."""
    return _test_file(rules, "1s", [*_outage_tests(slo), *_exception_tests(slo)])


def burn_tests(file: SloFile, slo: Slo, rules: str) -> list[tuple[str, dict[str, Any]]]:
    """Make the test files of an objective's burn rates: (what they are about, content)."""
    own = [(tier.long, _test_file(rules, _pace(tier), _tier_tests(slo, tier))) for tier in file.tiers]
    return [*own, ("held", _test_file(rules, "5m", [_held_test(slo, tier) for tier in file.tiers]))]


def condition_test(conditions: list[Condition], rules: str) -> list[tuple[str, dict[str, Any]]]:
    """Make the test files of conditions, one for each pace of their proofs."""
    paces = sorted({proof.every for c in conditions for proof in c.proof}, key=seconds)
    return [
        (pace, _test_file(rules, pace, [_proof(c, p) for c in conditions for p in c.proof if p.every == pace]))
        for pace in paces
    ]


def shared_test(file: SloFile, rules: str) -> dict[str, Any]:
    """Make the test file of the rules that all objectives share."""
    missing = {
        "severity": "ticket",
        "incident": "pipeline",
        "cause": "no",
        "owner": "data team",
        "slo": "page_load",
    }
    series = 'slo:total:1m{slo="page_load"}'
    tests = [
        _test("1m", {series: "10x60 0x30"}, [_alert("SloDataMissing", "80m", missing)], "events stop"),
        _test("1m", {series: "10x60 stale"}, [_alert("SloDataMissing", "80m", missing)], "the series end"),
        _test("1m", {series: "10x90"}, [_alert("SloDataMissing", "80m", None)], "events go on"),
        _test("1m", {series: "1x60 0x30"}, [_alert("SloDataMissing", "80m", None)], "few were to be expected"),
    ]
    for count in file.counts:
        tests += [_count_test(count, count.fewer_than, True), _count_test(count, count.fewer_than - 1, False)]
    return _test_file(rules, "1m", tests)


def series(indicator: Indicator, pieces: list[Piece]) -> dict[str, str]:
    """Write counters in promtool's notation that grow as the pieces say."""
    match indicator:
        case Latency(slower_than=bound, operation=name):
            own = f'operation="{name}"'
            return _histogram("app_operation_duration_seconds", own, str(float(bound)), pieces)
        case Age(older_than=bound):
            return _histogram("tidegauge_event_age_seconds", "", str(float(bound)), pieces)
        case Probes(probes_of=target):
            good = [(n, total - bad, 0) for n, total, bad in pieces]
            own = f'{{target="{target}"}}'
            return {f"app_probes_total{own}": _totals(pieces), f"app_probes_answered_total{own}": _totals(good)}
        case Verdict(verdict=verdict):
            rest = [(n, total - bad, 0) for n, total, bad in pieces]
            name = "tidegauge_events_total"
            return {
                f'{name}{{verdict="{verdict}"}}': _bads(pieces),
                f'{name}{{verdict="counted"}}': _totals(rest),
            }
    operation = indicator.errors_of[0] if isinstance(indicator, Errors) else "request.served"
    own = f'{{operation="{operation}"}}'
    return {f"app_operation_outcomes_total{own}": _totals(pieces), f"app_operation_errors_total{own}": _bads(pieces)}


def _histogram(name: str, own: str, bound: str, pieces: list[Piece]) -> dict[str, str]:
    good = [(n, total - bad, 0) for n, total, bad in pieces]
    le = ", ".join(filter(None, [own, f'le="{bound}"']))
    return {
        f"{name}_count{{{own}}}" if own else f"{name}_count": _totals(pieces),
        f"{name}_bucket{{{le}}}": _totals(good),
    }


def _totals(pieces: list[Piece]) -> str:
    return _notation([(n, total) for n, total, _ in pieces])


def _bads(pieces: list[Piece]) -> str:
    return _notation([(n, bad) for n, _, bad in pieces])


def _notation(pieces: list[tuple[int, int]]) -> str:
    """Write a counter as promtool reads it; `a+bxn` has n + 1 samples."""
    value, parts = 0, ["0"]
    for steps, step in pieces:
        parts.append(f"{value + step}+{step}x{steps - 1}")
        value += step * steps
    return " ".join(parts)


def _outage_tests(slo: Slo) -> Iterator[dict[str, Any]]:
    window, kept = seconds(slo.outage), seconds(KEPT_FIRING)
    own = {**labels(slo, NOW, "page"), "slo": slo.name}
    warm = 2 * window + 10
    half = warm + window // 2 + 2
    ended = warm + 60 + window + window // 2 + kept + 5
    at = [
        _alert(slo.alert, f"{warm}s", None, tier=NOW),
        _alert(slo.alert, f"{half + 3}s", own, tier=NOW),
        _alert(slo.alert, f"{ended}s", None, tier=NOW),
    ]
    broken = [(warm, 100, 0), (60 + window, 100, 100), (window + kept + 60, 100, 0)]
    yield _test("1s", series(slo.indicator, broken), at, "all fails for a while, and is well again")
    least = [(warm, 100, 0), (60 + window, 100, 40)]
    yield _test(
        "1s", series(slo.indicator, least), [_alert(slo.alert, f"{half + 30}s", None, tier=NOW)], "less than half fails"
    )
    one = [(warm, 0, 0), (1, 1, 1), (window + 30, 0, 0)]
    quiet = [_alert(slo.alert, f"{warm + second}s", None, tier=NOW) for second in (2, window)]
    yield _test("1s", series(slo.indicator, one), quiet, "one fails of one")
    gone = {name: f"{text} stale" for name, text in series(slo.indicator, broken[:2]).items()}
    later = warm + 60 + window + kept + 120
    yield _test(
        "1s", gone, [_alert(slo.alert, f"{later}s", own, tier=NOW)], "data end while it fires: it goes on firing"
    )


def _exception_tests(slo: Slo) -> Iterator[dict[str, Any]]:
    """Let what an objective leaves out fail altogether: that is none of its business."""
    if not isinstance(slo.indicator, ErrorsExcept):
        return
    for name in slo.indicator.errors_except:
        broken = series(Errors(errors_of=(name,)), [(100, 100, 100)])
        yield _test("1s", broken, [_alert(slo.alert, "90s", None, tier=NOW)], f"only {name} fails")


def _tier_tests(slo: Slo, tier: Tier) -> Iterator[dict[str, Any]]:
    minutes, short = seconds(tier.long) // 60, seconds(tier.short) // 60
    over = short + 2 * seconds(_pace(tier)) // 60
    own = {**labels(slo, tier.long, tier.severity), "slo": slo.name}
    during, after = f"{minutes}m", f"{minutes + over}m"
    above, below = (_bad_of(tier.threshold(slo.allowed), share) for share in (Fraction(101, 100), Fraction(99, 100)))
    fires, is_quiet = (_alert(slo.alert, during, expected, tier=tier.long) for expected in (own, None))
    times = f"{float(tier.factor):g} times"
    healed = series(slo.indicator, [(minutes, *above), (over, above[0], 0)])
    ends = _alert(slo.alert, after, None, tier=tier.long)
    yield _test("1m", healed, [fires, ends], f"burns a hundredth faster than {times}, and ends soon after")
    slower = series(slo.indicator, [(minutes + 1, *below)])
    yield _test("1m", slower, [is_quiet], f"burns a hundredth slower than {times}")


def _held_test(slo: Slo, tier: Tier) -> dict[str, Any]:
    """Let an hour burn much too fast, data end for longer than the short window, and come back well."""
    own = {**labels(slo, tier.long, tier.severity), "slo": slo.name}
    times = min(Fraction(2), 1 / tier.threshold(slo.allowed))
    events, bad = _bad_of(tier.threshold(slo.allowed), times)
    short = seconds(tier.short) // 60
    away, well = short + 30, short + 20
    burning, healed = [(60, events, bad)], [(60, events, bad), (well, events, 0)]
    back = series(slo.indicator, healed)
    gone = {
        name: f"{before} stale _x{away} {_after(back[name])}" for name, before in series(slo.indicator, burning).items()
    }
    asked = [_alert(slo.alert, at, own, tier=tier.long) for at in ("1h", f"{60 + away}m")]
    ends = _alert(slo.alert, f"{60 + away + well}m", None, tier=tier.long)
    return _test("1m", gone, [*asked, ends], "data end while it fires: it goes on firing until they are back and well")


def _after(notation: str) -> str:
    """Give the last piece of a counter's notation."""
    return notation.rpartition(" ")[2]


def _bad_of(threshold: Fraction, of_it: Fraction) -> tuple[int, int]:
    """Give events and bad events a step whose share is exactly `of_it` of the threshold."""
    share = threshold * of_it
    times = max(BUSY // share.denominator, 1)
    return share.denominator * times, share.numerator * times


def _pace(tier: Tier) -> str:
    return next(pace for longest, pace in PACE if seconds(tier.long) <= longest)


def _count_test(count: Count, value: int, fires: bool) -> dict[str, Any]:
    own = {
        "severity": "ticket",
        "incident": count.incident,
        "cause": "no",
        "owner": count.owner,
        "slo": count.name,
    }
    expected = own if fires else None
    return _test("1m", {count.metric: f"{value}x10"}, [_alert(count.alert, "5m", expected)], f"{value} in the period")


def _proof(condition: Condition, proof: Proof) -> dict[str, Any]:
    expected = {**condition_labels(condition), **condition.labels} if proof.fires else None
    says = "fires" if proof.fires else "does not fire"
    return _test(proof.every, proof.series, [_alert(condition.alert, proof.at, expected)], f"{condition.alert} {says}")


def _test(interval: str, inputs: dict[str, str], asked: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return {
        "name": name,
        "interval": interval,
        "input_series": [{"series": key, "values": text} for key, text in inputs.items()],
        "promql_expr_test": asked,
    }


def _alert(name: str, at: str, expected: dict[str, str] | None, tier: str | None = None) -> dict[str, Any]:
    """Ask whether an alert fires: with exactly these labels, or (None) not at all."""
    only = f', tier="{tier}"' if tier else ""
    own = {"__name__": "ALERTS", "alertname": name, "alertstate": "firing", **(expected or {})}
    shown = ", ".join(f'{key}="{text}"' for key, text in own.items() if key != "__name__")
    return {
        "expr": f'ALERTS{{alertname="{name}", alertstate="firing"{only}}}',
        "eval_time": at,
        "exp_samples": [{"labels": f"ALERTS{{{shown}}}", "value": 1}] if expected else [],
    }


def _test_file(rules: str, pace: str, tests: Any) -> dict[str, Any]:
    return {"rule_files": [rules], "evaluation_interval": pace, "tests": list(tests)}
