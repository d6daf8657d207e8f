"""Prometheus rules for objectives: what is recorded, and the alerts over it. docs/alerting.md explains them to people."""

from collections.abc import Iterator
from typing import Any

from alerts.annotations import about_slo
from alerts.burn import SECONDS, Tier, exact, seconds
from alerts.evidence import LEAST_BAD, enough
from alerts.indicators import bad, total
from alerts.slos import Count, Slo, SloFile

Rule = dict[str, Any]
NOW = "now"
"""Name of the window `outage` of each objective."""
MOST = "0.5"
"""From this share of bad events on it is an outage."""
KEPT_FIRING = "2m"
"""For how long an outage that flaps stays one page."""
CLOSE_TO_NEVER = 16
"""So many events expected and none seen: chance does that with e^-16, once in ten million looks."""
SILENCE = "10m"


def now_groups(file: SloFile, slo: Slo) -> list[dict[str, Any]]:
    """Make the rules of one objective that are evaluated each second: whether there is an outage."""
    return [{"name": f"{slo.name}-now", "rules": [*_now_records(slo), _outage(file, slo)]}]


def burn_groups(file: SloFile, slo: Slo) -> list[dict[str, Any]]:
    """Make the rules of one objective that are evaluated each minute, and every five: how fast its budget burns."""
    minute = [*_minute_records(file, slo), *_burn_alerts(file, slo)]
    return [
        {"name": f"{slo.name}-burn", "interval": "1m", "rules": minute},
        {"name": f"{slo.name}-budget", "interval": "5m", "rules": list(_budget_records(file, slo))},
    ]


def shared_groups(file: SloFile) -> list[dict[str, Any]]:
    """Make the rule groups that look at all objectives, and at counts."""
    return [{"name": "slo-shared", "interval": "1m", "rules": [_missing(), *map(_count, file.counts)]}]


def windows(file: SloFile) -> list[str]:
    """Name every window of the tiers, the shortest first."""
    return sorted({w for tier in file.tiers for w in (tier.long, tier.short)}, key=seconds)


def tier_condition(slo: Slo, tier: Tier, false_page_every: int) -> str:
    """Give when a budget burns too fast: in both windows, and on evidence."""
    long, short = _of(slo, f"burn:{tier.long}"), _of(slo, f"burn:{tier.short}")
    return (
        f"{long} > {exact(tier.factor)}\nand {short} > {exact(tier.factor)}\n"
        f"and {_evidence(slo, tier.long, seconds(tier.long), false_page_every)}"
    )


def outage_condition(slo: Slo, false_page_every: int) -> str:
    """Give when most of what happens is bad, on evidence."""
    share = _of(slo, f"share:{NOW}")
    return f"{share} >= {MOST}\nand {_evidence(slo, NOW, seconds(slo.outage), false_page_every)}"


def _evidence(slo: Slo, window: str, length: int, false_page_every: int) -> str:
    surprise, bad_ = _of(slo, f"surprise:{window}"), _of(slo, f"bad:{window}")
    return f"{surprise} > {enough(length, false_page_every):.4f}\nand floor({bad_} + 0.01) >= {LEAST_BAD}"


def held(condition: str, slo: Slo, tier: str, seen: str) -> str:
    """Keep a firing alert while nothing is seen: absent data is no recovery."""
    firing = f'ALERTS{{alertname="{slo.alert}", slo="{slo.name}", tier="{tier}", alertstate="firing"}}'
    return f"({condition})\nor (max by (slo) ({firing}) unless ({_of(slo, f'total:{seen}')} > 0))\n"


def _now_records(slo: Slo) -> Iterator[Rule]:
    yield _record(f"slo:total:{NOW}", total(slo.indicator, slo.outage), slo)
    yield _record(f"slo:bad:{NOW}", bad(slo.indicator, slo.outage), slo)
    yield from _shares(slo, NOW)
    yield _bad_since(slo)


def _shares(slo: Slo, window: str) -> Iterator[Rule]:
    total_, bad_, share = (_of(slo, f"{what}:{window}") for what in ("total", "bad", "share"))
    allowed = exact(slo.allowed)
    yield {"record": f"slo:share:{window}", "expr": f"{bad_} / ({total_} > 0)"}
    # n D of alerts/evidence.py. increase() extrapolates, so bad events are rounded down to whole ones; clamp_min, since
    # 0 * ln(0) is no number: where all failed the second part is 0.
    surprise = (
        f"floor({bad_} + 0.01) * ln({share} / {allowed})\n"
        f"+ clamp_min({total_} - {bad_}, 0) * ln(clamp_min(1 - {share}, 1e-12) / (1 - {allowed}))\n"
    )
    yield {"record": f"slo:surprise:{window}", "expr": surprise}


def _of(slo: Slo, what: str) -> str:
    """Give the series of an objective, for example slo:bad:5m{slo="page_load"}."""
    return f'slo:{what}{{slo="{slo.name}"}}'


def _minute_records(file: SloFile, slo: Slo) -> Iterator[Rule]:
    yield _record("slo:allowed", f"vector({exact(slo.allowed)})", slo)
    yield _record("slo:total:1m", total(slo.indicator, "1m"), slo)
    yield _record("slo:bad:1m", bad(slo.indicator, "1m"), slo)
    for window in windows(file):
        for what in ("total", "bad"):
            minutes = f"{_of(slo, f'{what}:1m')}[{_open(window)}]"
            yield {"record": f"slo:{what}:{window}", "expr": f"sum_over_time({minutes})"}
        yield from _shares(slo, window)
        yield {"record": f"slo:burn:{window}", "expr": f"{_of(slo, f'share:{window}')} / {exact(slo.allowed)}"}


def _open(window: str) -> str:
    """Take a second off: minutes lie at both ends of a range, and one of the two belongs to the window before."""
    left = seconds(window) - 1
    parts = []
    for unit in ("d", "h", "m", "s"):
        number, left = divmod(left, SECONDS[unit])
        parts += [f"{number}{unit}"] if number else []
    return "".join(parts)


def _budget_records(file: SloFile, slo: Slo) -> Iterator[Rule]:
    for what in ("total", "bad"):
        minutes = f"{_of(slo, f'{what}:1m')}[{_open(file.period)}]"
        yield {"record": f"slo:{what}:period", "expr": f"sum_over_time({minutes})"}
    bad_, total_ = _of(slo, "bad:period"), _of(slo, "total:period")
    yield {"record": "slo:budget_left:ratio", "expr": f"1 - {bad_} / ({total_} > 0) / {exact(slo.allowed)}"}


def _bad_since(slo: Slo) -> Rule:
    share, allowed, burn = _of(slo, f"share:{NOW}"), exact(slo.allowed), _of(slo, "burn:5m")
    before, seen = _of(slo, "bad_since:seconds"), _of(slo, f"total:{NOW}")
    return {
        "record": "slo:bad_since:seconds",
        "expr": f"(min_over_time({before}[5m]) or (time() + 0 * {seen}))\nand ({share} > {allowed} or {burn} > 1)\n",
    }


def _outage(file: SloFile, slo: Slo) -> Rule:
    condition = outage_condition(slo, seconds(file.false_page_every))
    return {
        "alert": slo.alert,
        "expr": held(condition, slo, NOW, NOW),
        "keep_firing_for": KEPT_FIRING,
        "labels": labels(slo, NOW, "page"),
        "annotations": about_slo(slo, NOW, slo.outage, seconds(file.period)),
    }


def _burn_alerts(file: SloFile, slo: Slo) -> Iterator[Rule]:
    for tier in file.tiers:
        condition = tier_condition(slo, tier, seconds(file.false_page_every))
        yield {
            "alert": slo.alert,
            "expr": held(condition, slo, tier.long, "5m"),
            "labels": labels(slo, tier.long, tier.severity),
            "annotations": about_slo(slo, tier.short, tier.long, seconds(file.period)),
        }


def _missing() -> Rule:
    return {
        "alert": "SloDataMissing",
        "expr": f"avg_over_time(slo:total:1m[1d]) * {seconds(SILENCE) // 60} > {CLOSE_TO_NEVER}\n"
        f"unless (sum_over_time(slo:total:1m[{_open(SILENCE)}]) > 0)\n",
        "labels": {"severity": "ticket", "incident": "pipeline", "cause": "no", "owner": "data team"},
        "annotations": {
            "summary": f"Nothing is seen of {{{{ $labels.slo }}}} for {SILENCE}, though "
            '{{ $value | printf "%.0f" }} events were to be expected. Its budget is frozen.',
            "dashboard": "{{dashboards}}/operations",
            "runbook": "{{runbooks}}/SloDataMissing.md",
        },
    }


def _count(count: Count) -> Rule:
    own = f"max({count.metric})"
    return {
        "alert": count.alert,
        "expr": f"{own} >= {count.fewer_than}",
        "labels": {
            "severity": "ticket",
            "incident": count.incident,
            "cause": "no",
            "owner": count.owner,
            "slo": count.name,
        },
        "annotations": {
            "summary": f"{{{{ $value }}}} where fewer than {count.fewer_than} are the objective. {count.says}",
            "dashboard": f"{{{{dashboards}}}}/{count.panel}",
            "runbook": f"{{{{runbooks}}}}/{count.alert}.md",
        },
    }


def labels(slo: Slo, tier: str, severity: str) -> dict[str, str]:
    """Give the labels of an alert over an objective, besides `slo`, which comes with the series."""
    # Only what is down at this moment explains others: an alert over hours would silence the next incident, too.
    cause = "yes" if slo.is_cause and tier == NOW else "no"
    return {
        "tier": tier,
        "severity": severity,
        "incident": slo.incident,
        "cause": cause,
        "owner": slo.owner,
    }


def _record(name: str, expression: str, slo: Slo) -> Rule:
    return {"record": name, "expr": expression, "labels": {"slo": slo.name}}
