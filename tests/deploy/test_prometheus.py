"""The configuration that docker-compose.yml gives to Prometheus: promtool takes it, with the rules where they are mounted."""

import shutil
from pathlib import Path

import yaml

from alerts.build import GENERATED
from tests.alerts.tools import needs_tools, said
from tests.deploy.files import REPOSITORY

CONFIG = REPOSITORY / "deploy" / "prometheus" / "prometheus.yml"
MOUNTED = "/etc/prometheus/rules/"


@needs_tools
def test_promtool_takes_it_with_all_the_rules(tmp_path: Path) -> None:
    text = CONFIG.read_text()
    assert MOUNTED in text
    rules = sorted(GENERATED.glob("*.rules.yml"))
    for path in rules:
        shutil.copy(path, tmp_path)
    (tmp_path / "prometheus.yml").write_text(text.replace(MOUNTED, f"{tmp_path}/"))
    found = said("promtool", "check", "config", "prometheus.yml", folder=tmp_path)
    assert found.well, found.says
    assert f"{len(rules)} rule files found" in found.says


def test_it_has_the_jobs_that_the_rules_speak_of() -> None:
    jobs = {job["job_name"] for job in yaml.safe_load(CONFIG.read_text())["scrape_configs"]}
    generated = {
        job["job_name"] for job in yaml.safe_load((GENERATED / "prometheus.yml").read_text())["scrape_configs"]
    }
    assert generated <= jobs
