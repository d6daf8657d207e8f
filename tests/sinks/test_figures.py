"""Business figures: headers are checked, answers are kept for a while, and one broken file spoils nothing else."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from sinks.certificates import CertificateError, first_end
from sinks.clickhouse import ClickHouse
from sinks.figures import KEPT_SECONDS, FigureFileError, Figures, read_figures
from sinks.prometheus import FiguresPage, registry

GOOD = """-- every: 1m
-- labels: kind
-- name: tidegauge_made_up
-- help: Made up.
SELECT 'a', 1 UNION ALL SELECT 'b', 2
"""


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.sql").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("-- every: 1m\n", "", "the header needs"),
        ("-- labels: kind\n", "", "the header needs"),
        ("-- help: Made up.\n", "", "the header needs"),
        ("-- every: 1m", "-- every: often", "the header needs"),
        ("tidegauge_made_up", "made up", "is no name"),
    ],
)
def test_a_header_that_is_not_whole_is_refused(tmp_path: Path, before: str, after: str, says: str) -> None:
    with pytest.raises(FigureFileError, match=says):
        read_figures(written(tmp_path, one=GOOD.replace(before, after)))


def test_two_files_with_one_metric_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FigureFileError, match="tidegauge_made_up"):
        read_figures(written(tmp_path, one=GOOD, two=GOOD))


def page(figures: Figures, *certificates: Path) -> dict[str, dict[tuple[str, ...], float]]:
    text = generate_latest(registry(FiguresPage(figures, certificates))).decode()
    return {
        family.name: {tuple(sample.labels.values()): sample.value for sample in family.samples}
        for family in text_string_to_metric_families(text)
    }


@pytest.mark.service
def test_what_is_broken_is_said_and_spoils_nothing_else(clickhouse_url: str, tmp_path: Path) -> None:
    other = GOOD.replace("made_up", "{}")
    folder = written(
        tmp_path,
        good=GOOD,
        wrong=other.format("wrong").replace("SELECT 'a', 1 UNION", "SELECT 'a', nowhere UNION"),
        narrow=other.format("narrow").replace("SELECT 'a', 1 UNION ALL SELECT 'b', 2", "SELECT 'a'"),
        twice=other.format("twice").replace("'b'", "'a'"),
        hostile=other.format("hostile").replace("'b'", r"'b\0\n'"),
        empty=other.format("empty").replace("SELECT 'a', 1 UNION ALL SELECT 'b', 2", "SELECT '', 1 WHERE 0"),
        null=other.format("null").replace("2", "NULL"),
        writes=other.format("writes").replace(
            "SELECT 'a', 1 UNION ALL SELECT 'b', 2", "CREATE TABLE t (a Int8) ENGINE = Log"
        ),
        slow=other.format("slow").replace("2", "sleepEachRow(3) FROM numbers(4)"),
    )
    store = ClickHouse(clickhouse_url, "default", "", "default", server_settings={"max_execution_time": 1})
    figures = Figures(read_figures(folder), store)
    figures.ask_due()
    shown = page(figures)
    failed = {file for (file,), value in shown["tidegauge_figures_failed"].items() if value}
    assert failed == {"wrong", "narrow", "writes", "slow"}
    assert shown["tidegauge_made_up"] == {("a",): 1, ("b",): 2}
    assert shown["tidegauge_twice"].keys() == {("a",)}
    assert shown["tidegauge_hostile"] == {("a",): 1, ("other",): 2}
    assert shown["tidegauge_empty"] == {}
    assert shown["tidegauge_null"] == {("a",): 1}
    assert store.query("EXISTS TABLE t") == [(0,)]


@pytest.mark.service
def test_each_gives_the_parameters(clickhouse_url: str, tmp_path: Path) -> None:
    text = GOOD.replace("SELECT 'a', 1 UNION ALL SELECT 'b', 2", "SELECT {who:String}, {much:Int64}")
    text = text.replace("SELECT", "-- each: SELECT 'x\\'; y' AS who, number AS much FROM numbers(1)\nSELECT", 1)
    figures = Figures(read_figures(written(tmp_path, one=text)), ClickHouse(clickhouse_url, "default", "", "default"))
    figures.ask_due()
    assert page(figures)["tidegauge_made_up"] == {("x'; y",): 0}


@pytest.mark.service
def test_an_answer_is_kept_while_it_is_fresh_and_for_a_while_when_the_store_is_away(
    clickhouse_url: str, tmp_path: Path
) -> None:
    clock = [0.0]
    store = ClickHouse(clickhouse_url, "default", "", "default")
    store.command("CREATE OR REPLACE TABLE fresh (n Int64) ENGINE = MergeTree ORDER BY n")
    text = GOOD.replace("SELECT 'a', 1 UNION ALL SELECT 'b', 2", "SELECT 'a', count() FROM fresh")
    figures = Figures(read_figures(written(tmp_path, one=text)), store, lambda: clock[0])

    def shown_at(seconds: float) -> tuple[dict[tuple[str, ...], float], float]:
        clock[0] = seconds
        figures.ask_due()
        found = page(figures)
        return found["tidegauge_made_up"], found["tidegauge_figures_failed"]["one",]

    assert shown_at(0) == ({("a",): 0}, 0)
    store.command("INSERT INTO fresh SELECT 1")
    assert shown_at(59) == ({("a",): 0}, 0)
    assert shown_at(60) == ({("a",): 1}, 0)
    store.command("DROP TABLE fresh")
    assert shown_at(120) == ({("a",): 1}, 1)
    assert shown_at(60 + KEPT_SECONDS + 60) == ({}, 1)


def certificate(folder: Path, name: str, days: int) -> Path:
    pem = folder / name
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(folder / "key.pem"))
    what = ("-days", str(days), "-subj", "/CN=localhost", "-out", str(pem))
    subprocess.run(["openssl", "req", "-x509", *key, *what], check=True, capture_output=True)
    return pem


@pytest.mark.parametrize("days", [10, 20_000])
def test_the_end_of_a_certificate_is_read_in_both_ways_to_write_it(tmp_path: Path, days: int) -> None:
    end = first_end(certificate(tmp_path, "server.pem", days).read_bytes())
    assert abs(end - (datetime.now(UTC) + timedelta(days=days))) < timedelta(minutes=5)


def test_of_a_chain_the_first_end_counts(tmp_path: Path) -> None:
    chain = certificate(tmp_path, "a.pem", 300).read_bytes() + certificate(tmp_path, "b.pem", 20).read_bytes()
    assert first_end(chain) < datetime.now(UTC) + timedelta(days=21)


@pytest.mark.parametrize(
    "pem", [b"", b"no", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", b"\x00" * 50]
)
def test_what_is_no_certificate_is_refused(pem: bytes) -> None:
    with pytest.raises(CertificateError):
        first_end(pem)


def test_a_certificate_is_on_the_page_and_one_that_is_missing_spoils_nothing(tmp_path: Path) -> None:
    figures = Figures([], ClickHouse("http://127.0.0.1:1", "default", "", "default"))
    server = certificate(tmp_path, "server.pem", 10)
    shown = page(figures, server, tmp_path / "missing.pem")["tidegauge_certificate_ends_seconds"]
    assert shown == {(str(server),): first_end(server.read_bytes()).timestamp()}
