"""The rules that every test runs under: no network without the marker, and in CI no skip that nobody agreed to."""

import os
from collections.abc import Generator, Iterator
from typing import Any, TypeVar

import pytest
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

from local.apache_kafka.jars import missing
from tests.dashboards.world import World, running_world
from tests.services import BROKER, running_apache_kafka, running_broker

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)

LOOPBACK = "127.0.0.1"
NO_KAFKA = "no Apache Kafka: "
AGREED_SKIPS: tuple[str, ...] = (
    NO_KAFKA,
    # Neither is in Debian; what the files promise is tested without them, they only put the files together once more.
    "docker compose is not installed",
    "kubectl is not installed",
)
"""Reasons (how they begin) for which a test may be skipped in CI; each needs a reason why that is not a loss.

Where Java or Maven is missing, .ci/run says so, and the suite runs on the embedded broker alone.
"""


ON_ONE_WORLD = ("tests/dashboards/", "tests/local/page/")
"""Tests that read the simulated world; one worker runs them all, since the world takes a minute to make."""


class OneWorldScheduling(LoadFileScheduling):  # type: ignore[misc]
    """A file's tests go to one worker, and the files of ON_ONE_WORLD go to one together."""

    def _split_scope(self, nodeid: str) -> str:
        return "one world" if nodeid.startswith(ON_ONE_WORLD) else super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneWorldScheduling:
    """Share the tests out to the workers."""
    return OneWorldScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Open sockets to loopback, and to nothing else, for tests that say they need a service."""
    for item in items:
        if item.get_closest_marker("service"):
            item.add_marker(pytest.mark.allow_hosts([LOOPBACK]))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let no test be skipped in CI unless its reason is agreed: a skip is how a suite goes blind."""
    report = yield
    return _without_silent_skip(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Do the same for files that skip themselves while they are read."""
    report = yield
    return _without_silent_skip(report)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """28 simulated days in ClickHouse; tests only read it."""
    with running_world(tmp_path_factory.mktemp("world")) as running:
        yield running


@pytest.fixture(scope="session")
def broker(request: pytest.FixtureRequest) -> Iterator[str]:
    """Address of a broker of this test run's own; ask for it only in tests marked `service`."""
    if BROKER == "kafka":
        yield request.getfixturevalue("kafka")
        return
    with running_broker() as address:
        yield address


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a real Apache Kafka, for what only that can do; ask for it only in tests marked `service`."""
    if (reason := missing()) is not None:
        pytest.skip(NO_KAFKA + reason)
    with running_apache_kafka(tmp_path_factory.mktemp("kafka")) as address:
        yield address


def _without_silent_skip(report: Report) -> Report:
    if report.outcome != "skipped" or hasattr(report, "wasxfail") or os.environ.get("CI") != "true":
        return report
    reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
    if not reason.removeprefix("Skipped: ").startswith(AGREED_SKIPS or "\0"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI without agreement ({reason}); see AGREED_SKIPS in tests/conftest.py"
    return report
