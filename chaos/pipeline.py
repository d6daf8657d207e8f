"""The pipeline under chaos: the real command with its supervisor, its shards found among the processes, killed and watched."""

import json
import os
import re
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from local.processes import Child, ChildSpec

STOP_SECONDS: Final = 120.0
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
_READING: Final = re.compile(r'^.*"event": "reading".*$', re.MULTILINE)
_LIFE: Final = "=== another life of the pipeline ===\n"


class Pipeline:
    """`tidegauge run --shards N`, with a folder of its own."""

    def __init__(
        self, program: Sequence[str], shards: int, data_dir: Path, environment: Mapping[str, str], metrics_port: int
    ) -> None:
        self.shards = shards
        self.data_dir = data_dir
        self.environment = dict(environment)
        self.metrics_port = metrics_port
        self.peak_bytes = 0
        self._program = tuple(program)
        self._child: Child | None = None

    def start(self, *options: str) -> None:
        """Start it; options are those of `tidegauge run`."""
        command = [*self._program, "run", "--shards", str(self.shards), *options]
        for shard in range(self.shards):
            with self._log(shard).open("a") as log:
                log.write(_LIFE)
        spec = ChildSpec("pipeline", command, lambda: True, 1.0, self.environment, None)
        self._child = Child(spec, self.data_dir / "logs" / "pipeline.log")

    def stop(self) -> int:
        """Ask it to stop exactly and return its exit code."""
        assert self._child is not None, "it was started"  # noqa: S101 - a mistake of the caller
        self._child.stop(STOP_SECONDS)
        return self._child.exit_status() or 0

    def kill(self) -> None:
        """Kill every process of it at once."""
        if self._child is not None and self._child.exit_status() is None:
            for pid in (self._child.pid, *self.pids().values()):
                kill(pid)
            self._child.stop(STOP_SECONDS)

    def pids(self) -> dict[int, int]:
        """Give the processes of the shards: shard -> process id; those that are down are not there."""
        found = {}
        for pid in _children(self._child.pid if self._child is not None else 0):
            with suppress(OSError):
                if match := re.fullmatch(r"shard-(\d+)\n", Path(f"/proc/{pid}/comm").read_text()):
                    found[int(match[1])] = pid
        return found

    def page(self, shard: int, path: str = "/metrics") -> tuple[int, str]:
        """Read a shard's page: status and text; status 0 where nobody answers."""
        url = f"http://127.0.0.1:{self.metrics_port + shard}{path}"
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def metric(self, name: str) -> float:
        """Sum a family over its labels and over the shards that answer."""
        total = 0.0
        for shard in range(self.shards):
            _, text = self.page(shard)
            total += sum(float(v) for v in re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE))
        return total

    def said(self, shard: int) -> str:
        """Give what a shard has written since the last `start`."""
        log = self._log(shard)
        return log.read_text(errors="replace").rpartition(_LIFE)[2] if log.exists() else ""

    def begun(self) -> list[int]:
        """Give, for each shard that reads since the last `start`, how many records lie before where it began to."""
        told = (_READING.search(self.said(shard)) for shard in range(self.shards))
        positions = [json.loads(match[0])["positions"].values() for match in told if match]
        return [sum(position["next"] + position["base"] for position in own) for own in positions]

    def sample_memory(self) -> None:
        """Note the largest resident memory that a shard has had."""
        # A single shard is no child: the command itself is it.
        alone = [self._child.pid] if self._child is not None and self.shards == 1 else []
        for pid in (*self.pids().values(), *alone):
            with suppress(OSError, IndexError, ValueError):
                pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
                self.peak_bytes = max(self.peak_bytes, pages * _PAGE_BYTES)

    def recovery(self, shard: int) -> Path:
        """The folder of a shard's state."""
        return self.data_dir / "recovery" / f"shard-{shard}"

    def _log(self, shard: int) -> Path:
        log = self.data_dir / "logs" / f"shard-{shard}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        return log


def kill(pid: int) -> None:
    """End a process at once; one that has ended is well."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def ended(pid: int) -> bool:
    """Tell whether a process is gone."""
    return not Path(f"/proc/{pid}").exists()


def wait_until_ended(pids: Sequence[int], seconds: float = 30.0) -> None:
    """Return when processes are gone, or the time is over."""
    deadline = time.monotonic() + seconds
    while not all(map(ended, pids)) and time.monotonic() < deadline:
        time.sleep(0.01)


def _children(parent: int) -> Iterator[int]:
    for tasks in Path(f"/proc/{parent}/task").glob("*/children"):
        with suppress(OSError):
            yield from map(int, tasks.read_text().split())
