"""The page's HTTP side: the files that a browser needs, and answers as JSON."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from dashboards.links import page_address, panel_of_alert
from dashboards.macros import MOST_POINTS, Choices, Span
from dashboards.panels import Dashboard, Panel, dashboard, dashboards
from dashboards.variables import VARIABLES
from local.page.alerts import firing
from local.page.answers import Answers
from sinks.clickhouse import StoreAwayError, StoreRefusedError

STATIC = Path(__file__).with_name("static")
LONGEST = timedelta(days=400)
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class BadQuestionError(ValueError):
    """What the browser asks cannot be; the message says why."""


def plotting_files() -> Path:
    """Find uPlot's files in the installed package.

    Raises:
        RuntimeError: it is not installed.
    """
    spec = find_spec("uplot")
    if spec is None or spec.origin is None:
        raise RuntimeError("the page needs the package uplot-python: pip install 'tidegauge[local]'")
    return Path(spec.origin).with_name("static")


def make_app(answers: Answers, alertmanager: str | None = None) -> Starlette:
    """Make the application; `alertmanager` is its address, or None where there is none."""
    here = _Page(answers, alertmanager)
    routes = [
        Route("/", lambda _: RedirectResponse(f"/{dashboards()[0].name}")),
        *(Route(f"/{each.name}", here.shell) for each in dashboards()),
        Route("/d/{name}", _renamed),
        Route("/healthz", lambda _: Response("ok")),
        Route("/api/dashboards", here.structure),
        Route("/api/filters", here.filters),
        Route("/api/fresh", here.fresh),
        Route("/api/alerts", here.alerts),
        Route("/api/marks", here.marks),
        Route("/api/panel/{dashboard}/{panel}", here.panel),
        Mount("/lib", StaticFiles(directory=plotting_files())),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    return Starlette(routes=routes, middleware=[Middleware(GZipMiddleware, minimum_size=2_000, compresslevel=3)])


def _renamed(request: Request) -> Response:
    """Lead on who comes from an alert, which names dashboards as Grafana does."""
    name = {"user-experience": "experience"}.get(request.path_params["name"], request.path_params["name"])
    known = name in {each.name for each in dashboards()}
    return RedirectResponse(f"/{name}") if known else _json({"error": "there is no such dashboard"}, 404)


class _Page:
    """The handlers."""

    def __init__(self, answers: Answers, alertmanager: str | None) -> None:
        self._answers, self._alertmanager = answers, alertmanager

    async def shell(self, _: Request) -> Response:
        return FileResponse(STATIC / "index.html", headers=HEADERS)

    async def structure(self, _: Request) -> Response:
        return _json(
            {"dashboards": [_told(each) for each in dashboards()], "variables": [_variable(v) for v in VARIABLES]}
        )

    async def filters(self, _: Request) -> Response:
        return await _answer(self._answers.filters)

    async def fresh(self, _: Request) -> Response:
        return await _answer(self._answers.fresh)

    async def alerts(self, _: Request) -> Response:
        places = {alert: page_address(panel) for alert, panel in panel_of_alert().items()}
        return await _answer(lambda: firing(self._alertmanager, places))

    async def marks(self, request: Request) -> Response:
        try:
            span = _span(request.query_params)
        except BadQuestionError as error:
            return _json({"error": str(error)}, 400)
        return await _answer(lambda: self._answers.marks(span))

    async def panel(self, request: Request) -> Response:
        try:
            found = dashboard(request.path_params["dashboard"]).panel(request.path_params["panel"])
            span, choices = _span(request.query_params), _choices(request)
        except KeyError:
            return _json({"error": "there is no such panel"}, 404)
        except BadQuestionError as error:
            return _json({"error": str(error)}, 400)
        return await _answer(lambda: self._answers.panel(found, span, choices))


async def _answer(ask: Callable[[], Mapping[str, Any]]) -> Response:
    """Ask in a thread; say what went wrong and what to do about it."""
    try:
        return _json(await run_in_threadpool(ask))
    except StoreAwayError as error:
        return _json({"error": f"ClickHouse does not answer: {error}", "way_out": "Is `tidegauge up` running?"}, 503)
    except StoreRefusedError as error:
        return _json(
            {"error": f"ClickHouse refuses: {error}", "way_out": "`tidegauge migrate` makes the views anew."}, 500
        )


def _json(value: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(value, default=float), status, HEADERS, "application/json")


def _told(each: Dashboard) -> Mapping[str, Any]:
    return {
        "name": each.name,
        "title": each.title,
        "question": each.question,
        "range": each.range,
        "refresh": each.refresh,
        "panels": [_panel(panel) for panel in each.panels],
    }


def _panel(panel: Panel) -> Mapping[str, Any]:
    bounds = [{"name": b.name, "says": b.says, "value": b.value, "good": b.good} for b in panel.bounds]
    fields = (
        "name",
        "title",
        "section",
        "unit",
        "plot",
        "think",
        "definition",
        "freshness",
        "evidence",
        "width",
        "empty",
        "hidden",
    )
    return {field: getattr(panel, field) for field in fields} | {
        "bounds": bounds,
        "variables": sorted(panel.variables),
        "views": sorted(panel.views),
    }


def _variable(variable: Any) -> Mapping[str, Any]:
    return {"name": variable.name, "title": variable.title, "all": variable.all}


def _span(asked: Mapping[str, str]) -> Span:
    """Read `since` and `until` (epoch seconds); the beginning is moved back to a whole point, so that no point is cut."""
    try:
        until = datetime.fromtimestamp(float(asked["until"]), UTC)
        since = datetime.fromtimestamp(float(asked["since"]), UTC)
        points = int(asked.get("points", MOST_POINTS))
    except (KeyError, ValueError, OverflowError, OSError):
        raise BadQuestionError("since and until must be times in epoch seconds") from None
    if not timedelta(seconds=10) <= until - since <= LONGEST:
        raise BadQuestionError(f"a time range is between 10 seconds and {LONGEST.days} days long")
    if not 2 <= points <= MOST_POINTS:
        raise BadQuestionError(f"points is a number from 2 to {MOST_POINTS}")
    step = Span(since, until, points).interval_s
    return Span(datetime.fromtimestamp(since.timestamp() // step * step, UTC), until, points)


def _choices(request: Request) -> Choices:
    return {each.name: request.query_params.getlist(each.name) for each in VARIABLES}
