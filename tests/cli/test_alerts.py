"""`tidegauge alerts`: builds a folder with its addresses, and check finds what is wrong in one."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.alerts.tools import needs_tools


def run(*arguments: str) -> tuple[int, str]:
    found = CliRunner().invoke(app, ["alerts", *arguments])
    return found.exit_code, found.output


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder made with addresses of its own; of the tests only a quick one is left."""
    status, _ = run(
        "build", "--folder", str(tmp_path), "--runbooks", "https://wiki.test/r", "--pager", "http://pager.test/p"
    )
    assert status == 0
    for path in tmp_path.glob("*.test.yml"):
        if path.name != "business_1m.test.yml":
            path.unlink()
    return tmp_path


def test_addresses_are_filled_in(folder: Path) -> None:
    assert "https://wiki.test/r/NpsLow.md" in (folder / "business.rules.yml").read_text()
    assert "url: http://pager.test/p" in (folder / "alertmanager.yml").read_text()


@needs_tools
def test_check_is_content_with_what_build_makes(folder: Path) -> None:
    assert run("check", "--folder", str(folder))[0] == 0


@needs_tools
@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("business.rules.yml", "tidegauge_query_p95_seconds", "tidegauge_query_p59_seconds"),
        ("slo_page_load_now.rules.yml", "sum(", "sun("),
        ("alertmanager.yml", "receiver: pager", "receiver: nobody"),
        ("prometheus.yml", "scrape_configs", "scrape_config"),
    ],
)
def test_check_finds_what_is_wrong_and_names_it(folder: Path, name: str, before: str, after: str) -> None:
    path = folder / name
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after))
    status, said = run("check", "--folder", str(folder))
    assert status == 1
    assert "wrong" in said


def test_without_the_tools_check_says_how_to_get_them(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    status, said = run("check", "--folder", str(folder))
    assert status == 1
    assert "apt install prometheus" in said.replace("\n", " ")


def test_scrapes_that_are_too_rare_are_refused(tmp_path: Path) -> None:
    status, said = run("build", "--folder", str(tmp_path), "--every", "15s")
    assert status == 1
    assert "there are no 4 scrapes" in said.replace("\n", " ")
