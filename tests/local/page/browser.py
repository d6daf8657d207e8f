"""A headless Chromium for tests: the system's own, driven over its debugging protocol."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
READY_MS = 30_000


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Start it.

    Raises:
        RuntimeError: there is none; with what to install.
    """
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    if found is None:
        raise RuntimeError("the tests of the page need a Chromium: apt install chromium")
    with sync_playwright() as playwright:
        # The sandbox of the browser does not work for root in a container; it only sees our own page.
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page that was opened, and what went wrong on it."""

    page: Page
    troubles: list[str] = field(default_factory=list)

    def state(self, panel: str) -> str:
        """Tell what a panel shows: loading, data, empty, error."""
        return str(self.page.locator(f"#{panel}").get_attribute("data-state"))

    def values(self, panel: str) -> list[float]:
        """Give the numbers behind what a panel shows, unrounded, in order."""
        shown = self.page.locator(f"#{panel} [data-value]")
        texts = [each.get_attribute("data-value") for each in shown.all()]
        return [float(text) for text in texts if text not in (None, "null", "")]

    def text(self, panel: str) -> str:
        """Give what a panel says."""
        return self.page.locator(f"#{panel}").inner_text()


def between(begin: datetime, end: datetime) -> str:
    """Give the part of an address that chooses a time range."""
    return f"range=own&from={begin:%Y-%m-%dT%H:%M}&to={end:%Y-%m-%dT%H:%M}"


def visit(context: BrowserContext, address: str) -> Visit:
    """Open a page and wait until all its panels have answered."""
    page = context.new_page()
    seen = Visit(page)
    page.on(
        "console", lambda message: seen.troubles.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: seen.troubles.append(str(error)))
    page.on("requestfailed", lambda request: seen.troubles.append(f"{request.url}: {request.failure}"))
    page.goto(address)
    page.wait_for_selector("body[data-ready]", timeout=READY_MS)
    return seen
