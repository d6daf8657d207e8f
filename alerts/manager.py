"""Alertmanager's configuration: one incident is one page, and a cause silences its symptoms."""

from typing import Any

PAGER, TICKETS = "pager", "tickets"


def alertmanager(pager: str, tickets: str) -> dict[str, Any]:
    """Make the configuration.

    Args:
        pager: URL that pages are posted to (Alertmanager's webhook format); empty for nowhere.
        tickets: URL that tickets are posted to; empty for nowhere.
    """
    return {
        "route": {
            "receiver": TICKETS,
            "group_by": ["incident", "alertname"],
            "group_wait": "1m",
            "group_interval": "10m",
            "repeat_interval": "7d",
            "routes": [
                {
                    "receiver": PAGER,
                    "matchers": ['severity="page"'],
                    # Not by alert: whatever an incident sets off is one group, and a pager makes one incident of a group.
                    "group_by": ["incident"],
                    # The default of 30 s would be most of the time until somebody knows.
                    "group_wait": "1s",
                    "group_interval": "30s",
                    "repeat_interval": "4h",
                }
            ],
        },
        "inhibit_rules": [
            _inhibit(['cause="yes"', 'severity="page"'], ['cause="no"'], ["incident"]),
            _inhibit(['severity="page"', 'slo=~".+"'], ['severity="ticket"', 'slo=~".+"'], ["slo"]),
            _inhibit(
                ['alertname=~"EventsSilent|ShardMissing|SinkAway"'],
                ['alertname=~"SloDataMissing|EventsStale|EventsRejected|LagGrowing"'],
                [],
            ),
        ],
        "receivers": [
            _receiver(PAGER, pager),
            _receiver(TICKETS, tickets),
        ],
    }


def _receiver(name: str, url: str) -> dict[str, Any]:
    return {"name": name, "webhook_configs": [{"url": url, "send_resolved": True}]} if url else {"name": name}


def _inhibit(source: list[str], target: list[str], equal: list[str]) -> dict[str, Any]:
    return {"source_matchers": source, "target_matchers": target, "equal": equal}


def prometheus(targets: dict[str, list[str]], rules: str, managers: list[str], every: str = "1s") -> dict[str, Any]:
    """Make Prometheus's configuration.

    Args:
        targets: job -> addresses, host:port.
        rules: path or pattern of the rule files.
        managers: addresses of Alertmanagers.
        every: how often is scraped and evaluated.
    """
    return {
        "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
        "rule_files": [rules],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": managers}]}]},
        "scrape_configs": [
            {"job_name": job, "static_configs": [{"targets": addresses}]} for job, addresses in targets.items()
        ],
    }
