"""Runs promtool and amtool for tests; without them the test is skipped, which fails in CI."""

import shutil
from pathlib import Path

import pytest

from alerts.tools import HOW_TO_GET, Checked, run

needs_tools = pytest.mark.skipif(
    shutil.which("promtool") is None or shutil.which("amtool") is None,
    reason=f"promtool and amtool are not there ({HOW_TO_GET})",
)


def said(tool: str, *arguments: str, folder: Path) -> Checked:
    """Run a tool."""
    return run(tool, arguments, folder)
