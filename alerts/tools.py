"""Runs promtool and amtool over a folder of rules; says how to get them where they are not there."""

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from alerts.build import RULES_PATTERN

HOW_TO_GET = "apt install prometheus prometheus-alertmanager"
SLOWEST_SECONDS = 300


class ToolMissingError(RuntimeError):
    """promtool or amtool is not there; the message says how to get it."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a tool found."""

    what: str
    well: bool
    says: str


def check(folder: Path) -> Iterator[Checked]:
    """Check and test a folder's rules, one file at a time, and its Alertmanager's configuration.

    Raises:
        ToolMissingError: a tool is not there.
    """
    for path in sorted(folder.glob(RULES_PATTERN)):
        yield run("promtool", ("check", "rules", "--lint-fatal", path.name), folder)
    for path in sorted(folder.glob("*.test.yml")):
        yield run("promtool", ("test", "rules", path.name), folder)
    yield run("promtool", ("check", "config", "prometheus.yml"), folder)
    yield run("amtool", ("check-config", "alertmanager.yml"), folder)


def run(tool: str, arguments: Sequence[str], folder: Path) -> Checked:
    """Run one of the tools in a folder.

    Raises:
        ToolMissingError: it is not there.
    """
    if shutil.which(tool) is None:
        raise ToolMissingError(f"{tool} is not there; on Debian: {HOW_TO_GET}")
    done = subprocess.run(
        [tool, *arguments], cwd=folder, capture_output=True, text=True, timeout=SLOWEST_SECONDS, check=False
    )
    said = (done.stdout + done.stderr).strip()
    return Checked(f"{tool} {' '.join(arguments)}", done.returncode == 0, said)
