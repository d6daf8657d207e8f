"""`tidegauge up` with what watches it: targets are up, rules run without errors; without the binaries it says how to get them."""

import json
import os
import shutil
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from alerts.build import files
from tests.alerts.tools import needs_tools
from tests.integration.stack import RunningStack, running_stack

pytestmark = pytest.mark.service


def asked(port: int, path: str) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        return json.load(answer)


def value(stack: RunningStack, query: str) -> float | None:
    found = asked(stack.prometheus_port, f"/api/v1/query?query={query}")["data"]["result"]
    return float(found[0]["value"][1]) if found else None


@needs_tools
def test_up_starts_prometheus_and_alertmanager_and_they_see_the_pipeline(tmp_path: Path) -> None:
    with running_stack(tmp_path, monitoring=True) as stack:
        assert stack.run("simulate", "--rate", "100", "--seconds", "5").returncode == 0
        stack.wait_for(lambda: (value(stack, "sum(up)") or 0) == 3, "three targets are up")
        stack.wait_for(lambda: (value(stack, "sum(slo:total:now)") or 0) > 0, "an objective has events")
        stack.wait_for(lambda: value(stack, "tidegauge_table_parts") is not None, "the exporter has answered")
        groups = asked(stack.prometheus_port, "/api/v1/rules")["data"]["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        made = sum(text.count("\n  - alert:") + text.count("\n  - record:") for name, text in files().items())
        assert len(rules) == made
        assert [rule["name"] for rule in rules if rule["health"] == "err"] == []
        managers = asked(stack.prometheus_port, "/api/v1/alertmanagers")["data"]["activeAlertmanagers"]
        assert [manager["url"] for manager in managers] == [f"http://127.0.0.1:{stack.alertmanager_port}/api/v2/alerts"]
        assert stack.stop() == 0


def test_without_the_binaries_it_says_how_to_get_them_and_starts_the_rest(tmp_path: Path) -> None:
    stack = RunningStack(tmp_path, monitoring=True)
    needed = tmp_path / "bin"
    needed.mkdir()
    for name in ("env", "sh"):
        (needed / name).symlink_to(shutil.which(name) or "/bin/false")
    stack.environment["PATH"] = os.fspath(needed)
    stack.start()
    assert stack.stop() == 0
    stack.close()
    said = (tmp_path / "up.log").read_text()
    assert "apt install prometheus prometheus-alertmanager" in said.replace("\n", " ")
