"""Runbooks: every alert has one that answers four questions, and none is left of an alert that is gone."""

import re
from pathlib import Path

import pytest

from alerts.build import GENERATED
from alerts.yaml_text import read_yaml

FOLDER = Path(__file__).parents[2] / "docs" / "runbooks"
HEADINGS = ["What it means", "How to see it", "What to do first", "How to know it is over"]
NOT_OF_AN_ALERT = {"evidence"}
ALERTS = sorted(
    {
        (rule["alert"], rule["annotations"]["runbook"])
        for path in GENERATED.glob("*.rules.yml")
        for group in read_yaml(path)["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }
)
VIEWS = {path.stem for path in (FOLDER.parents[1] / "sql" / "views").glob("*.sql")}
TABLES = {"costs", "hourly_rates"}


@pytest.mark.parametrize(("alert", "address"), ALERTS)
def test_every_alert_has_a_runbook_that_answers_four_questions(alert: str, address: str) -> None:
    assert address == f"docs/runbooks/{alert}.md"
    text = (FOLDER / f"{alert}.md").read_text("utf-8")
    assert text.startswith(f"# {alert}\n")
    sections = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)
    assert sections[1::2] == HEADINGS
    assert all(len(section.strip()) > 20 for section in sections[2::2])


def test_no_runbook_is_left_of_an_alert_that_is_gone() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == {alert for alert, _ in ALERTS} | NOT_OF_AN_ALERT


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.md")), ids=lambda path: path.stem)
def test_what_a_runbook_asks_of_clickhouse_exists(path: Path) -> None:
    asked = re.findall(r"tidegauge sql \"(.+?)\"\n", path.read_text("utf-8"), flags=re.DOTALL)
    for sql in asked:
        assert set(re.findall(r"FROM (\w+)", sql)) <= VIEWS | TABLES, sql
