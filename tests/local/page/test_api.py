"""What the page's script asks for, over HTTP."""

import json
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from dashboards.macros import expand
from dashboards.panels import dashboard, dashboards
from local.ports import free_port
from tests.dashboards.world import CHOICES, World
from tests.local.page.conftest import running_page

pytestmark = pytest.mark.service
DAY = 86_400


def get(address: str) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(address, timeout=20) as answer:  # noqa: S310 - our own address
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def question(world: World, seconds: float, **chosen: str) -> str:
    end = world.end.timestamp()
    return urllib.parse.urlencode({"since": end - seconds, "until": end, **chosen})


def test_the_structure_has_every_panel_with_what_it_says(page: str) -> None:
    _, told = get(f"{page}/api/dashboards")
    assert [(each["name"], [panel["name"] for panel in each["panels"]]) for each in told["dashboards"]] == [
        (each.name, [panel.name for panel in each.panels]) for each in dashboards()
    ]
    assert all(panel["think"] and panel["definition"] for each in told["dashboards"] for panel in each["panels"])


def test_an_answer_is_that_of_the_sql(page: str, world: World) -> None:
    status, answer = get(
        f"{page}/api/panel/experience/experiment?{question(world, 28 * DAY, experiment='search_ranking', goal='find_item')}"
    )
    columns, rows = world.store.table(answer["sql"])
    assert status == 200
    assert answer["columns"] == list(columns)
    assert answer["rows"] == [pytest.approx(list(row)) for row in rows]
    assert {row[0] for row in answer["rows"]} == {"control", "semantic"}


def test_a_range_begins_at_a_whole_point(page: str, world: World) -> None:
    _, answer = get(f"{page}/api/panel/operations/rate?{question(world, 6 * 3600 + 17)}")
    assert answer["since"] % answer["interval_s"] == 0
    _, wide = get(f"{page}/api/panel/operations/rate?{question(world, 6 * 3600 + 17)}&points=10")
    assert wide["interval_s"] > answer["interval_s"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("operations/nothing?since=1&until=100", 404),
        ("nothing/rate?since=1&until=100", 404),
        ("operations/rate", 400),
        ("operations/rate?since=5&until=1", 400),
        ("operations/rate?since=nan&until=100", 400),
        ("operations/rate?since=0&until=99999999999", 400),
        ("operations/rate?since=1&until=100&points=100000", 400),
    ],
)
def test_a_question_that_cannot_be_is_refused_with_a_reason(page: str, path: str, status: int) -> None:
    code, answer = get(f"{page}/api/panel/{path}")
    assert code == status
    assert answer["error"]


def test_who_comes_from_an_alert_is_led_to_the_dashboard(page: str) -> None:
    with urllib.request.urlopen(f"{page}/d/user-experience", timeout=20) as answer:  # noqa: S310 - our own address
        assert answer.url == f"{page}/experience"
    assert get(f"{page}/d/nothing")[0] == 404


def test_a_filter_value_cannot_reach_beyond_its_quotes(page: str, world: World) -> None:
    evil = "x') OR 1=1 UNION ALL SELECT now(), 'evil', 1., 1 --"
    _, answer = get(f"{page}/api/panel/operations/rate?{question(world, 3600, service=evil)}")
    assert answer["rows"] == []
    sql = expand(dashboard("operations").panel("rate").sql, world.span(world.end - world.end.replace(hour=9)), CHOICES)
    assert world.store.table(sql)[1]


def test_a_page_may_not_write(world: World) -> None:
    with pytest.raises(Exception, match=r"(?i)readonly|read-only|164"):
        world.store.table(
            "INSERT INTO costs (month, kind, amount, currency) VALUES ('2026-01-01', 'monthly', 1, 'EUR')"
        )


def test_filters_and_freshness(page: str, world: World) -> None:
    _, values = get(f"{page}/api/filters")
    assert "production" in values["environment"]
    assert set(values["experiment"]) == {"search_ranking", "button_colour"}
    _, newest = get(f"{page}/api/fresh")
    assert newest["operations"] == pytest.approx(world.end.timestamp(), abs=60)


def test_no_file_of_another_site_is_asked_for() -> None:
    static = Path(__file__).parents[3] / "local" / "page" / "static"
    for path in static.iterdir():
        text = path.read_text().replace("http://www.w3.org/2000/svg", "").replace("http://host:port", "")
        assert "http://" not in text, path.name
        assert "https://" not in text, path.name


def test_without_clickhouse_it_says_what_to_do() -> None:
    with running_page(f"http://127.0.0.1:{free_port()}", "tidegauge") as address:
        status, answer = get(f"{address}/api/panel/operations/rate?since=1&until=100")
    assert status == 503
    assert "tidegauge up" in answer["way_out"]


class _Alertmanager(BaseHTTPRequestHandler):
    """Answers as Alertmanager's API v2 does; the stack's own is tested with the alerts."""

    def do_GET(self) -> None:
        """Give one alert."""
        found = [
            {
                "labels": {"alertname": "ApplicationErrors", "severity": "page"},
                "annotations": {"summary": "Too many errors."},
                "startsAt": "2026-11-25T08:10:00Z",
            }
        ]
        body = json.dumps(found if self.path.startswith("/api/v2/alerts") else []).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_an_alert_leads_to_its_panel(world: World) -> None:
    server = HTTPServer(("127.0.0.1", 0), _Alertmanager)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        with running_page(world.url, world.database, "--alertmanager", f"http://127.0.0.1:{server.server_port}") as at:
            _, told = get(f"{at}/api/alerts")
    finally:
        server.shutdown()
        server.server_close()
    assert told["state"] == "ok"
    assert told["alerts"][0]["name"] == "ApplicationErrors"
    assert told["alerts"][0]["panel"] == "/operations#errors"


def test_an_alertmanager_that_is_away_is_no_silence(world: World) -> None:
    with running_page(world.url, world.database, "--alertmanager", f"http://127.0.0.1:{free_port()}") as at:
        assert get(f"{at}/api/alerts")[1]["state"] == "away"
    with running_page(world.url, world.database) as at:
        assert get(f"{at}/api/alerts")[1]["state"] == "off"
