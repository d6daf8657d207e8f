"""Writes everything that follows from the two files, and says what of it is out of step."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alerts.annotations import DASHBOARDS, RUNBOOKS
from alerts.burn import seconds
from alerts.conditions import Condition, condition_groups, load_conditions
from alerts.manager import alertmanager, prometheus
from alerts.proofs import burn_tests, condition_test, now_test, shared_test
from alerts.slo_rules import burn_groups, now_groups, shared_groups
from alerts.slos import SloFile, SloFileError, load_slos
from alerts.yaml_text import yaml_text

GENERATED = Path(__file__).with_name("generated")
HEAD = "Made by `tidegauge alerts build` from alerts/slos.yaml and alerts/conditions.yaml; change those."
RULES_PATTERN = "*.rules.yml"
LEAST_SCRAPES = 4
"""An increase needs two scrapes, and some may be late."""


@dataclass(frozen=True, slots=True)
class Places:
    """Addresses that go into the files.

    Attributes:
        dashboards: beginning of the addresses of dashboards.
        runbooks: beginning of the addresses of runbooks.
        pipeline: pages of the shards, host:port.
        exporter: page of business figures, host:port.
        prometheus: Prometheus itself, host:port.
        alertmanager: host:port.
        pager: URL that pages are posted to.
        tickets: URL that tickets are posted to.
        every: how often is scraped and evaluated.
    """

    dashboards: str = "http://127.0.0.1:3000/d"
    runbooks: str = "docs/runbooks"
    pipeline: tuple[str, ...] = ("127.0.0.1:9464",)
    exporter: str = "127.0.0.1:9463"
    prometheus: str = "127.0.0.1:9090"
    alertmanager: str = "127.0.0.1:9093"
    pager: str = "http://127.0.0.1:9094/pages"
    tickets: str = "http://127.0.0.1:9094/tickets"
    every: str = "1s"


def files(places: Places | None = None) -> dict[str, str]:
    """Make all files: name -> text.

    Raises:
        SloFileError, YamlError: one of the two files says what cannot be.
    """
    places = places or Places()
    slos = load_slos()
    _check_pace(slos, places.every)
    made = dict(_rule_files(slos, load_conditions()))
    made["prometheus.yml"] = yaml_text(
        prometheus(
            {
                "tidegauge": list(places.pipeline),
                "tidegauge-exporter": [places.exporter],
                "prometheus": [places.prometheus],
            },
            RULES_PATTERN,
            [places.alertmanager],
            places.every,
        ),
        HEAD,
    )
    made["alertmanager.yml"] = yaml_text(alertmanager(places.pager, places.tickets), HEAD)
    return {
        name: text.replace(DASHBOARDS, places.dashboards).replace(RUNBOOKS, places.runbooks)
        for name, text in made.items()
    }


def write(folder: Path = GENERATED, places: Places | None = None) -> list[Path]:
    """Write all files into a folder, and remove rules and tests there that are made no more."""
    folder.mkdir(parents=True, exist_ok=True)
    made = files(places)
    for path in _strangers(folder, made):
        path.unlink()
    for name, text in made.items():
        (folder / name).write_text(text, "utf-8")
    return [folder / name for name in made]


def out_of_step(folder: Path = GENERATED, places: Places | None = None) -> list[str]:
    """Name the files of a folder that are missing, are other than they would be made, or are made no more."""
    made = files(places)
    wrong = [name for name, text in made.items() if not _is(folder / name, text)]
    return sorted(wrong + [path.name for path in _strangers(folder, made)])


def _check_pace(slos: SloFile, every: str) -> None:
    for slo in slos.slos:
        if seconds(slo.outage) < LEAST_SCRAPES * seconds(every):
            raise SloFileError(
                f"{slo.name}: within {slo.outage} there are no {LEAST_SCRAPES} scrapes, one every {every}; an outage would "
                "never be seen: scrape more often, or make `outage` longer"
            )


def _rule_files(slos: SloFile, conditions: tuple[Condition, ...]) -> Iterator[tuple[str, str]]:
    for slo in slos.slos:
        now, burn = f"slo_{slo.name}_now", f"slo_{slo.name}_burn"
        yield f"{now}.rules.yml", _rules(now_groups(slos, slo))
        yield f"{now}.test.yml", yaml_text(now_test(slo, f"{now}.rules.yml"), HEAD)
        yield f"{burn}.rules.yml", _rules(burn_groups(slos, slo))
        for window, test in burn_tests(slos, slo, f"{burn}.rules.yml"):
            yield f"{burn}_{window}.test.yml", yaml_text(test, HEAD)
    yield "slo_shared.rules.yml", _rules(shared_groups(slos))
    yield "slo_shared.test.yml", yaml_text(shared_test(slos, "slo_shared.rules.yml"), HEAD)
    for group in condition_groups(conditions):
        name = group["name"]
        own = [condition for condition in conditions if condition.incident == name]
        yield f"{name}.rules.yml", _rules([group])
        for about, test in condition_test(own, f"{name}.rules.yml"):
            yield f"{name}_{about}.test.yml", yaml_text(test, HEAD)


def _rules(groups: list[dict[str, Any]]) -> str:
    return yaml_text({"groups": groups}, HEAD)


def _is(path: Path, text: str) -> bool:
    return path.exists() and path.read_text("utf-8") == text


def _strangers(folder: Path, made: dict[str, str]) -> list[Path]:
    found = [*folder.glob(RULES_PATTERN), *folder.glob("*.test.yml")]
    return [path for path in found if path.name not in made]
