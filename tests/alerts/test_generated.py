"""The generated files: in step, accepted by the tools, proven by promtool; and the proof notices what is removed or mistyped."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alerts.build import GENERATED, Places, files, out_of_step, write
from alerts.slos import SloFileError
from alerts.yaml_text import read_yaml, yaml_text
from tests.alerts.tools import needs_tools, said

RULES = sorted(GENERATED.glob("*.rules.yml"))
TESTS = sorted(GENERATED.glob("*.test.yml"))
MUTATED = ("business", "pipeline", "slo_shared", "slo_application_errors_now", "slo_page_load_burn")
"""Files whose proofs are proven: those of the other objectives are made by the same lines."""


def rules_in(path: Path) -> list[dict[str, Any]]:
    return [rule for group in read_yaml(path)["groups"] for rule in group["rules"]]


def alerts_in(path: Path) -> list[str]:
    return sorted({rule["alert"] for rule in rules_in(path) if "alert" in rule})


def proofs_of(rules: Path) -> list[Path]:
    return [path for path in TESTS if read_yaml(path)["rule_files"] == [rules.name]]


def test_the_files_in_the_repository_are_in_step() -> None:
    assert out_of_step() == [], "run `tidegauge alerts build`"


def test_what_is_missing_changed_or_left_over_is_out_of_step(tmp_path: Path) -> None:
    write(tmp_path)
    assert out_of_step(tmp_path) == []
    (tmp_path / "business.rules.yml").unlink()
    (tmp_path / "pipeline.rules.yml").write_text("groups: []\n")
    (tmp_path / "old.rules.yml").write_text("groups: []\n")
    assert out_of_step(tmp_path) == ["business.rules.yml", "old.rules.yml", "pipeline.rules.yml"]
    write(tmp_path)
    assert out_of_step(tmp_path) == []


def test_scrapes_too_rare_for_an_outage_are_refused() -> None:
    with pytest.raises(SloFileError, match="application_errors: within 5s there are no 4 scrapes, one every 2s"):
        files(Places(every="2s"))


def test_no_address_is_left_to_be_filled_in() -> None:
    assert not [name for name, text in files().items() if re.search(r"\{\{(dashboards|runbooks)\}\}", text)]


@needs_tools
def test_the_tools_accept_all_of_it() -> None:
    names = [path.name for path in RULES]
    for tool, arguments in (
        ("promtool", ("check", "rules", "--lint-fatal", *names)),
        ("promtool", ("check", "config", "prometheus.yml")),
        ("amtool", ("check-config", "alertmanager.yml")),
    ):
        found = said(tool, *arguments, folder=GENERATED)
        assert found.well, found.says


@needs_tools
@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name.removesuffix(".test.yml"))
def test_promtool_proves(path: Path) -> None:
    found = said("promtool", "test", "rules", path.name, folder=GENERATED)
    assert found.well, found.says


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name.removesuffix(".rules.yml"))
def test_every_alert_has_a_test_in_which_it_fires_and_one_in_which_it_does_not(path: Path) -> None:
    asked = [one for own in proofs_of(path) for test in read_yaml(own)["tests"] for one in test["promql_expr_test"]]
    for rule in rules_in(path):
        if "alert" not in rule:
            continue
        tier = rule["labels"].get("tier")
        start = f'ALERTS{{alertname="{rule["alert"]}", alertstate="firing"'
        own = [one for one in asked if one["expr"].startswith(start) and (not tier or f'tier="{tier}"' in one["expr"])]
        assert {bool(one["exp_samples"]) for one in own} == {True, False}, (rule["alert"], tier)


def broken(alert: dict[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Break an alert in every way that a slip would: remove it, mistype each name in it, send it to nobody."""
    yield "removed", []
    for word in re.finditer(r"\b(?:slo:|tidegauge_|app_|up\{|prometheus_|ALERTS)\w*", alert["expr"]):
        at = word.start()
        yield f"{word[0]} mistyped at {at}", [alert | {"expr": alert["expr"][:at] + "x" + alert["expr"][at:]}]
    yield "sent to nobody", [alert | {"labels": alert["labels"] | {"severity": "nobody"}}]


def own_tests(rules: Path, alert: dict[str, Any], folder: Path) -> list[str]:
    """Write the tests that ask for an alert, and no others, into a folder; gives their names."""
    tier = alert["labels"].get("tier")
    wanted = [f'alertname="{alert["alert"]}"', *([f'tier="{tier}"'] if tier else [])]
    written = []
    for path in proofs_of(rules):
        document = read_yaml(path)
        tests = [test for test in document["tests"] if all(word in str(test["promql_expr_test"]) for word in wanted)]
        if tests:
            (folder / path.name).write_text(yaml_text(document | {"tests": tests}))
            written.append(path.name)
    return written


@needs_tools
@pytest.mark.parametrize("name", MUTATED)
def test_an_alert_that_is_removed_or_mistyped_or_sent_to_nobody_is_noticed(name: str, tmp_path: Path) -> None:
    rules = GENERATED / f"{name}.rules.yml"
    records = [rule for rule in rules_in(rules) if "record" in rule]
    for alert in (rule for rule in rules_in(rules) if "alert" in rule):
        tests = own_tests(rules, alert, tmp_path)
        for what, left in [("whole", [alert]), *broken(alert)]:
            document = {"groups": [{"name": "broken", "rules": [*records, *left]}]}
            (tmp_path / rules.name).write_text(yaml_text(document))
            passes = all(said("promtool", "test", "rules", test, folder=tmp_path).well for test in tests)
            assert passes == (what == "whole"), f"{alert['alert']} {alert['labels'].get('tier', '')} {what}"
