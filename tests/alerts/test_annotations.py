"""What a page says, as promtool renders it: what is wrong, since when, how fast the budget burns, and where to look."""

from pathlib import Path

import pytest

from alerts.build import GENERATED
from alerts.proofs import series
from alerts.slos import load_slos
from alerts.yaml_text import yaml_text
from tests.alerts.tools import needs_tools, said

BROKEN_AT, ASKED_AT = 300, 450


@needs_tools
@pytest.mark.parametrize(("left", "gone"), [("0.84", "2.1"), ("-0.5", "0.0"), (None, "2.5")])
def test_a_page_says_what_since_when_and_how_long_the_budget_lasts(tmp_path: Path, left: str | None, gone: str) -> None:
    (slo,) = (own for own in load_slos().slos if own.name == "page_load")
    inputs = series(slo.indicator, [(BROKEN_AT, 10, 0), (300, 10, 6)])
    if left is not None:
        inputs['slo:budget_left:ratio{slo="page_load"}'] = f"{left}x700"
    labels = {
        "slo": "page_load",
        "tier": "now",
        "severity": "page",
        "incident": "application",
        "cause": "no",
        "owner": slo.owner,
    }
    annotations = {
        "summary": "Not so: A page is there within 2 s. 60.0 % is bad, 5 % may be (seen over 2m).",
        # The first moment at which more than 5 % of the two minutes before were bad.
        "since": "1970-01-01 00:05:11 +0000 UTC",
        "budget": f"Burns 12.0 times too fast; what is left of it is gone in {gone} days.",
        "dashboard": "http://127.0.0.1:3000/d/user-experience",
        "runbook": "docs/runbooks/PageLoadSlow.md",
    }
    test = {
        "interval": "1s",
        "input_series": [{"series": name, "values": values} for name, values in inputs.items()],
        "alert_rule_test": [
            {
                "alertname": "PageLoadSlow",
                "eval_time": f"{ASKED_AT}s",
                "exp_alerts": [{"exp_labels": labels, "exp_annotations": annotations}],
            }
        ],
    }
    rules = str(GENERATED / "slo_page_load_now.rules.yml")
    (tmp_path / "page.test.yml").write_text(
        yaml_text({"rule_files": [rules], "evaluation_interval": "1s", "tests": [test]})
    )
    found = said("promtool", "test", "rules", "page.test.yml", folder=tmp_path)
    assert found.well, found.says
