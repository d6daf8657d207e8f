"""The page on a running stack: an incident reaches the eyes of who looks at it."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.integration.stack import RunningStack, running_stack
from tests.local.page.browser import running_browser, visit

pytestmark = pytest.mark.service
SHOWN_WITHIN_SECONDS = 3.0
QUIET_SECONDS = 20
# The page itself says when its headline turned: who asks it from outside asks once a second at most.
WHEN_BROKEN = """
() => {
    const headline = document.querySelector("#headline");
    new MutationObserver(() => {
        if (headline.textContent.includes("Broken")) window.brokenAt ??= Date.now() / 1000;
    }).observe(headline, { childList: true, characterData: true, subtree: true });
}
"""
CLEARLY_BAD = """
SELECT wilson_low(sum(errors), sum(outcomes)) > 0.006 FROM operations
WHERE window_start >= now() - 120 AND event NOT IN ('db.query', 'probe.checked')
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    with running_stack(tmp_path_factory.mktemp("stack") / "data", monitoring=True) as running:
        yield running


@pytest.mark.timed
def test_an_incident_is_on_the_screen_three_seconds_after_it_is_in_the_database(stack: RunningStack) -> None:
    """And it is named: which promise, which operations."""
    options = ("--rate", "200", "--incident", "errors", "--incident-at", str(QUIET_SECONDS), "--incident-for", "120")
    emitting = stack.background("simulate", *options)
    try:
        with running_browser() as browser:
            page = visit(browser.new_context(), f"http://127.0.0.1:{stack.page_port}/operations").page
            stack.wait_for(lambda: stack.received() > 500, "the first events")
            expect(page.locator("#headline")).not_to_contain_text("Unknown", timeout=15_000)
            assert "Broken" not in page.inner_text("#headline")
            page.evaluate(WHEN_BROKEN)
            stack.wait_for(lambda: bool(stack.query(CLEARLY_BAD)[0][0]), "the incident in the database")
            began = time.time()
            expect(page.locator("#headline")).to_contain_text("Broken: application errors", timeout=20_000)
            took = page.evaluate("window.brokenAt") - began
            expect(page.locator("#failing tbody tr").first).to_contain_text("failing", timeout=20_000)
            expect(page.locator("#alerts")).to_contain_text("ApplicationErrors", timeout=120_000)
        assert took < SHOWN_WITHIN_SECONDS
    finally:
        emitting.terminate()
        emitting.communicate(timeout=30)


def test_the_page_is_among_the_parts_that_are_watched(stack: RunningStack) -> None:
    assert (Path(stack.data_dir) / "logs" / "page.log").exists()
