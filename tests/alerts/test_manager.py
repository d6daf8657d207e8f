"""Alertmanager with the generated configuration: who gets what, one incident is one post, and causes silence symptoms."""

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from alerts.build import GENERATED, RULES_PATTERN, Places, write
from alerts.yaml_text import read_yaml
from benchmarks.incidents.receiver import Receiver, receiver
from local.monitoring import ALERTMANAGER
from local.ports import free_port
from tests.alerts.tools import needs_tools, said

pytestmark = needs_tools
DEADLINE = 20.0
RULES = [
    rule
    for path in sorted(GENERATED.glob(RULES_PATTERN))
    for group in read_yaml(path)["groups"]
    for rule in group["rules"]
    if "alert" in rule
]


def labels_of(alert: str, **more: str) -> dict[str, str]:
    """Give the labels of an alert as its rule and its series make them; `more` has the tier where there are several."""
    own = next(r for r in RULES if r["alert"] == alert and r["labels"].get("tier") == more.get("tier"))
    return {"alertname": alert, **own["labels"], **more}


def asked(request: str | urllib.request.Request) -> Any:
    return urllib.request.urlopen(request, timeout=5)  # noqa: S310 - our own address


class Manager:
    """A running Alertmanager."""

    def __init__(self, address: str, pager: Receiver) -> None:
        self.address, self.pager = address, pager

    def raised(self, *alerts: dict[str, str]) -> None:
        body = json.dumps([{"labels": labels} for labels in alerts]).encode()
        with asked(urllib.request.Request(f"{self.address}/api/v2/alerts", body, {"Content-Type": "application/json"})):  # noqa: S310
            return

    def states(self) -> dict[tuple[str, str], str]:
        with asked(f"{self.address}/api/v2/alerts") as answer:
            found: list[dict[str, Any]] = json.load(answer)
        return {(a["labels"]["alertname"], a["labels"].get("tier", "")): a["status"]["state"] for a in found}


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    with receiver() as pager:
        address = f"127.0.0.1:{free_port()}"
        write(tmp_path, Places(pager=pager.url, tickets=pager.url, alertmanager=address))
        binary = next(name for name in ALERTMANAGER if shutil.which(name))
        command = [binary, f"--config.file={tmp_path / 'alertmanager.yml'}", f"--storage.path={tmp_path / 'data'}"]
        command += [f"--web.listen-address={address}", "--cluster.listen-address="]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                wait_for(lambda: is_ready(address))
                yield Manager(f"http://{address}", pager)
            finally:
                process.terminate()


def is_ready(address: str) -> bool:
    try:
        with asked(f"http://{address}/-/ready") as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule['alert']}-{rule['labels'].get('tier', '')}")
def test_every_alert_goes_to_the_pager_or_becomes_a_ticket(rule: dict[str, Any]) -> None:
    matchers = [f"{name}={value.replace(' ', '_')}" for name, value in rule["labels"].items()]
    found = said(
        "amtool",
        "config",
        "routes",
        "test",
        "--config.file=alertmanager.yml",
        f"alertname={rule['alert']}",
        *matchers,
        folder=GENERATED,
    )
    assert found.says.splitlines()[0] == {"page": "pager", "ticket": "tickets"}[rule["labels"]["severity"]]


@pytest.mark.service
@pytest.mark.timed
def test_what_one_incident_sets_off_is_one_post_within_seconds_and_the_cause_silences_it(manager: Manager) -> None:
    began = time.monotonic()
    manager.raised(
        labels_of("ApplicationDown", tier="now", slo="application_up"),
        labels_of("ApplicationErrors", tier="now", slo="application_errors"),
        labels_of("LibrarySearchSlow", tier="1h", slo="library_search"),
        labels_of("DatabaseDown", tier="now", slo="database_up"),
    )
    wait_for(lambda: bool(manager.pager.posts))
    assert time.monotonic() - began < 5
    (post,) = manager.pager.posts
    assert post.alerts == ["ApplicationDown (now)", "DatabaseDown (now)"]
    assert manager.states() == {
        ("ApplicationDown", "now"): "active",
        ("DatabaseDown", "now"): "active",
        ("ApplicationErrors", "now"): "suppressed",
        ("LibrarySearchSlow", "1h"): "suppressed",
    }


@pytest.mark.service
def test_two_incidents_are_two_posts(manager: Manager) -> None:
    manager.raised(labels_of("ApplicationErrors", tier="now", slo="application_errors"), labels_of("LedgerMismatch"))
    wait_for(lambda: len(manager.pager.posts) == 2)
    assert sorted(post.alerts for post in manager.pager.posts) == [["ApplicationErrors (now)"], ["LedgerMismatch"]]


@pytest.mark.service
def test_a_page_silences_the_tickets_of_its_own_objective_only(manager: Manager) -> None:
    manager.raised(
        labels_of("ApplicationErrors", tier="1h", slo="application_errors"),
        labels_of("ApplicationErrors", tier="3d", slo="application_errors"),
        labels_of("PageLoadSlow", tier="3d", slo="page_load"),
    )
    wait_for(lambda: bool(manager.pager.posts))
    assert manager.states() == {
        ("ApplicationErrors", "1h"): "active",
        ("ApplicationErrors", "3d"): "suppressed",
        ("PageLoadSlow", "3d"): "active",
    }


@pytest.mark.service
def test_who_is_blind_says_so_once_and_silences_no_other_incident(manager: Manager) -> None:
    manager.raised(
        labels_of("EventsSilent"),
        labels_of("SloDataMissing", slo="page_load"),
        labels_of("EventsStale", tier="now", slo="event_freshness"),
        labels_of("ApplicationErrors", tier="now", slo="application_errors"),
    )
    wait_for(lambda: len(manager.pager.posts) == 2)
    assert manager.states() == {
        ("EventsSilent", ""): "active",
        ("SloDataMissing", ""): "suppressed",
        ("EventsStale", "now"): "suppressed",
        ("ApplicationErrors", "now"): "active",
    }
