"""The dashboards in a real Chromium, on 28 simulated days that end with an incident."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from dashboards.annotations import annotations
from dashboards.macros import Span, expand
from dashboards.panels import Dashboard, dashboard, dashboards
from tests.dashboards.world import CHOICES, World
from tests.local.page.browser import Visit, between, running_browser, visit
from tests.sql.simulation import rows_of

pytestmark = pytest.mark.service
CHOSEN = "&".join(f"{name}={values[0]}" for name, values in CHOICES.items())
FIRST_PAINT_MS = 1_000
HOUR = timedelta(hours=1)
PHONE = 390
CONTRAST = Path(__file__).with_name("contrast.js").read_text()
TAKE_MARKS_AWAY = """async () => {
    const plot = document.querySelector("#active canvas"), before = plot.toDataURL();
    (await import("/static/marks.js")).setMarks([], document.getElementById("marks"));
    await new Promise(requestAnimationFrame);
    return before !== plot.toDataURL();
}"""
Shown = Callable[[str], Visit]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as running:
        yield running


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport={"width": 1400, "height": 900})
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def shown(browser: Browser, page: str, world: World) -> Iterator[Shown]:
    """Give a dashboard that is only read; it is opened once."""
    wide = browser.new_context(viewport={"width": 1400, "height": 900})
    kept: dict[str, Visit] = {}

    def give(name: str) -> Visit:
        if name not in kept:
            kept[name] = opened(wide, page, world, name)
        return kept[name]

    yield give
    wide.close()


def opened(context: BrowserContext, page: str, world: World, name: str, more: str = "") -> Visit:
    begin = world.end - (timedelta(hours=1) if name == "operations" else timedelta(days=28))
    return visit(context, f"{page}/{name}?refresh=0&{between(begin, world.end)}&{CHOSEN}{more}")


@pytest.mark.parametrize("each", dashboards(), ids=lambda each: each.name)
def test_every_panel_has_data_or_says_why_not_and_nothing_fails(shown: Shown, each: Dashboard) -> None:
    seen = shown(each.name)
    assert seen.troubles == []
    for panel in each.panels:
        if panel.plot == "alerts":
            assert "No Alertmanager is set" in seen.text(panel.name)
        else:
            assert seen.state(panel.name) == "data", f"{panel.name}: {seen.text(panel.name)}"
            assert panel.title in seen.text(panel.name)
            assert panel.think in seen.text(panel.name)
            assert "newest event" in seen.text(panel.name)
    paints = seen.page.evaluate("performance.getEntriesByName('first-contentful-paint').map(e => e.startTime)")
    assert paints[0] < FIRST_PAINT_MS


@pytest.mark.parametrize(
    "name",
    ["executive/adoption", "executive/roi", "experience/tasks", "experience/funnel", "experience/experiment",
     "business/accuracy", "business/cohorts", "operations/budgets", "operations/promises"],
)  # fmt: skip
def test_the_numbers_on_screen_are_those_of_the_sql(shown: Shown, world: World, name: str) -> None:
    board, panel_name = name.split("/")
    panel = dashboard(board).panel(panel_name)
    seen = shown(board)
    length = timedelta(hours=1) if board == "operations" else timedelta(days=28)
    rows = rows_of(world.store, expand(panel.sql, Span(world.end - length, world.end), CHOICES))
    wanted = [row["value"] for row in rows if row["value"] is not None]
    if panel.plot == "figure":
        wanted = wanted[-1:]
    if panel.plot == "grid":
        wanted = [row["value"] for row in rows if row["n"] >= panel.evidence]
    assert seen.values(panel_name) == pytest.approx(wanted)
    assert wanted


def test_a_deploy_is_marked_in_the_plots_and_said_in_words(context: BrowserContext, page: str, world: World) -> None:
    (one,) = (each for each in annotations() if each.name == "deploys")
    (deploy,) = rows_of(world.store, expand(one.sql, world.span(timedelta(days=28)), {}))
    assert isinstance(deploy["time"], datetime)
    seen = opened(context, page, world, "business")
    assert seen.page.inner_text("#marks") == f"{deploy['text']}, {deploy['time']:%-d %b %Y, %H:%M}"
    assert seen.page.evaluate(TAKE_MARKS_AWAY), "the plot looks the same without its marks"
    begin = world.end - timedelta(days=28)
    before = visit(context, f"{page}/business?refresh=0&{between(begin, deploy['time'])}&{CHOSEN}")
    assert before.page.inner_text("#marks") == ""


def test_a_percentage_shows_its_counts(shown: Shown, world: World) -> None:
    seen = shown("experience")
    row = rows_of(
        world.store, expand(dashboard("experience").panel("tasks").sql, world.span(timedelta(days=28)), CHOICES)
    )[0]
    assert f"{row['hits']:,} of {row['n']:,}" in seen.text("tasks")


def test_a_range_and_a_filter_change_the_figures(context: BrowserContext, page: str, world: World) -> None:
    everything = opened(context, page, world, "operations")
    before = everything.values("failing")
    everything.page.select_option("select[name=service]", "estimator-web")
    expect(everything.page.locator("#failing")).not_to_contain_text("estimator-api", timeout=10_000)
    assert everything.values("failing") != before
    assert "service=estimator-web" in everything.page.url
    expect(everything.page.locator("#ledger")).to_contain_text("not split by service", timeout=10_000)
    quiet = world.end - timedelta(minutes=20)
    other = visit(context, f"{page}/operations?refresh=0&{between(quiet - timedelta(hours=1), quiet)}")
    assert other.values("promises") != everything.values("promises")


def test_the_incident_is_said_in_a_sentence_and_shown_in_the_first_rows(shown: Shown, world: World) -> None:
    seen = shown("operations")
    sentence = seen.page.inner_text("#headline")
    assert sentence.startswith("✖ Broken:")
    assert "application errors" in sentence
    (row, *_) = rows_of(world.store, expand(dashboard("operations").panel("promises").sql, world.span(HOUR), CHOICES))
    assert isinstance(row["since"], datetime)
    assert f"since {row['since']:%H:%M}" in sentence
    assert "failing" in seen.page.locator("#failing tbody tr").first.inner_text()
    top = seen.page.locator("#promises").bounding_box()
    assert top is not None
    assert top["y"] < 500, "what is broken must be seen without scrolling"


def test_before_the_incident_it_says_that_all_is_well(context: BrowserContext, page: str, world: World) -> None:
    end = world.end - timedelta(minutes=17)
    seen = visit(context, f"{page}/operations?refresh=0&{between(end - timedelta(hours=1), end)}")
    assert "Broken" not in seen.page.inner_text("#headline")


def test_what_a_figure_is_comes_on_hover_and_by_keyboard(context: BrowserContext, page: str, world: World) -> None:
    seen = opened(context, page, world, "executive")
    panel = dashboard("executive").panel("adoption")
    ask = seen.page.get_by_role("button", name=f"What is “{panel.title}”?")
    assert panel.definition in str(ask.get_attribute("title"))
    ask.focus()
    seen.page.keyboard.press("Enter")
    assert ask.get_attribute("aria-expanded") == "true"
    assert panel.definition in seen.text("adoption")
    assert panel.freshness in seen.text("adoption")


def test_every_line_plot_can_be_read_as_a_table(context: BrowserContext, page: str, world: World) -> None:
    seen = opened(context, page, world, "business")
    seen.page.get_by_role("button", name="Show “Active users” as a table").press("Space")
    assert seen.page.locator("#active table tbody tr").count() > 28
    assert "in 28 days" in seen.text("active")


def test_too_little_data_is_said(context: BrowserContext, page: str, world: World) -> None:
    begin = world.end - timedelta(minutes=30)
    seen = visit(context, f"{page}/experience?refresh=0&{between(begin, world.end)}&{CHOSEN}")
    assert "too little data" in seen.text("tasks").lower()


def test_nothing_to_show_says_what_to_do(context: BrowserContext, page: str, world: World) -> None:
    begin = world.end - timedelta(days=399)
    seen = visit(context, f"{page}/operations?refresh=0&{between(begin, begin + timedelta(hours=1))}")
    assert seen.state("rate") == "empty"
    assert "widen them" in seen.text("rate")
    assert "Nothing was rejected" in seen.text("rejected")
    assert seen.page.inner_text("#headline").startswith("Unknown")


@pytest.mark.parametrize("each", dashboards(), ids=lambda each: each.name)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_a_phone_and_can_be_read_in_both_themes(
    browser: Browser, page: str, world: World, each: Dashboard, theme: str
) -> None:
    phone = browser.new_context(viewport={"width": PHONE, "height": 800}, color_scheme=theme)  # type: ignore[arg-type]
    try:
        seen = opened(phone, page, world, each.name)
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= PHONE
        contrast = seen.page.evaluate(CONTRAST.partition("\n")[2])
        assert contrast["worst"] >= 4.5, contrast
    finally:
        phone.close()
