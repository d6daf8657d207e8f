"""What docker-compose.yml promises: pinned, healthy, limited, without rights, on loopback, and with no password in it."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.run import parse_shards
from cli.settings import Settings
from local.container_secrets import make_secrets
from tests.deploy.files import COMPOSE, REPOSITORY, Document, read_compose

SERVICES: dict[str, Document] = read_compose()["services"]
JOBS = {"topics", "migrate"}
KNOWN = {
    *("image", "build", "init", "user", "group_add", "read_only", "tmpfs", "networks", "environment", "secrets"),
    *("depends_on", "stop_grace_period", "healthcheck", "deploy", "command", "volumes", "hostname", "ports", "ulimits"),
    *("restart", "security_opt", "cap_drop", "logging"),
}
"""The keys that are in use; another one may be a typing error, which would leave out what it was to do."""
every_service = pytest.mark.parametrize("name", SERVICES)


@every_service
def test_it_runs_with_no_rights_and_within_limits(name: str) -> None:
    service = SERVICES[name]
    assert set(service) <= KNOWN
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["cap_drop"] == ["ALL"]
    assert not {"privileged", "cap_add", "network_mode", "pid", "ipc", "devices"} & set(service)
    user, _, _ = service["user"].partition(":")
    assert int(user) > 0
    limits = service["deploy"]["resources"]["limits"]
    assert {"cpus", "memory", "pids"} == set(limits)
    assert service["logging"]["options"]["max-size"]


@every_service
def test_its_image_is_pinned_to_one_version(name: str) -> None:
    image, _, tag = SERVICES[name]["image"].rpartition(":")
    assert image
    assert re.fullmatch(r"v?\d+(\.\d+){2,3}", tag), tag


@every_service
def test_it_says_whether_it_is_healthy_or_is_a_job_that_others_wait_for(name: str) -> None:
    service = SERVICES[name]
    if name in JOBS:
        assert service["restart"] == "no"
        assert service["healthcheck"] == {"disable": True}
        waiting = [other.get("depends_on", {}).get(name, {}) for other in SERVICES.values()]
        assert {"condition": "service_completed_successfully"} in waiting
        return
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
    assert {"interval", "timeout", "retries", "start_period"} <= set(service["healthcheck"])


@every_service
def test_what_it_publishes_is_on_loopback(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)
    # A service with no port has no way out either.
    if "ports" not in SERVICES[name]:
        assert SERVICES[name]["networks"] == ["inside"]


def test_the_inner_network_ends_at_the_machine() -> None:
    assert read_compose()["networks"]["inside"] == {"internal": True}


def values(node: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], str]]:
    if isinstance(node, dict):
        return [found for key, value in node.items() for found in values(value, (*path, str(key)))]
    if isinstance(node, list):
        return [found for value in node for found in values(value, path)]
    return [(path, str(node))]


def test_no_password_stands_in_it_and_none_has_a_default() -> None:
    for path, value in values(read_compose()["services"]):
        if re.search(r"password|secret|_key|sha256|token", path[-1], re.IGNORECASE):
            fits = value.startswith("/run/secrets/") or re.fullmatch(r"\$\{\w+:\?run make secrets first\}", value)
            assert fits or path[-1] == "secrets", path
    variables = re.findall(r"\$\{[^}]*\}", COMPOSE.read_text())
    assert len(variables) >= 5
    assert all(":?" in variable for variable in variables)


def test_make_secrets_makes_every_variable_and_every_file(tmp_path: Path) -> None:
    made = {path.name for path in make_secrets(tmp_path)}
    needed = set(re.findall(r"\$\{(\w+):", COMPOSE.read_text()))
    assert needed == set(re.findall(r"^(\w+)=", (tmp_path / ".env").read_text(), re.MULTILINE))
    document = read_compose()
    assert {Path(secret["file"]).name for secret in document["secrets"].values()} == made - {".env"}
    used = {name for service in SERVICES.values() for name in service.get("secrets", [])}
    assert used == set(document["secrets"])


def test_each_process_has_the_least_user_and_no_secret_but_its_own() -> None:
    users = {
        name: service.get("environment", {}).get("TIDEGAUGE_CLICKHOUSE_USER") for name, service in SERVICES.items()
    }
    assert users["migrate"] == "tidegauge_migrator"
    assert users["exporter"] == "tidegauge_reader"
    assert {users[name] for name in SERVICES if name.startswith("shard-")} == {"tidegauge_writer"}
    for name, service in SERVICES.items():
        if user := users[name]:
            word = user.removeprefix("tidegauge_")
            own = {secret for secret in service["secrets"] if secret.startswith("clickhouse_")}
            assert own == {f"clickhouse_{word}_password"}


def test_every_shard_runs_once_with_a_volume_of_its_own() -> None:
    shards = {name: service for name, service in SERVICES.items() if name.startswith("shard-")}
    chosen, counts, volumes = [], set(), set()
    for name, service in shards.items():
        numbers, count = parse_shards(service["command"][2])
        assert name == service["hostname"] == f"shard-{numbers[0]}"
        chosen += numbers
        counts.add(count)
        volumes.update(service["volumes"])
        assert service["stop_grace_period"] == "60s"
    (count,) = counts
    assert sorted(chosen) == list(range(count))
    assert len(volumes) == count
    partitions = int(SERVICES["topics"]["command"][-1])
    assert partitions % count == 0


def test_every_setting_that_it_names_is_one() -> None:
    known = {f"TIDEGAUGE_{name.upper()}" for name in Settings.model_fields}
    named = {n for s in SERVICES.values() for n in s.get("environment", {}) if n.startswith("TIDEGAUGE_")}
    assert named <= known


def test_prometheus_scrapes_every_shard_and_the_exporter() -> None:
    config = yaml.safe_load((REPOSITORY / "deploy" / "prometheus" / "prometheus.yml").read_text())
    targets = {t for job in config["scrape_configs"] for group in job["static_configs"] for t in group["targets"]}
    assert {f"{name}:9464" for name in SERVICES if name.startswith("shard-")} | {"exporter:9463"} <= targets
    assert all(target.split(":")[0] in (*SERVICES, "127.0.0.1") for target in targets)


@every_service
def test_what_it_mounts_of_this_repository_is_read_only_and_known(name: str) -> None:
    made_elsewhere = {"./dashboards/grafana"}
    for volume in SERVICES[name].get("volumes", []):
        source, _, rest = volume.partition(":")
        if source.startswith("."):
            assert rest.endswith(":ro")
            assert (REPOSITORY / source).exists() or source in made_elsewhere


def test_docker_compose_itself_takes_it_and_refuses_to_start_without_secrets(tmp_path: Path) -> None:
    compose = _docker_compose()
    shutil.copy(COMPOSE, tmp_path)
    without = _config(compose, tmp_path)
    assert without.returncode != 0
    assert "run make secrets first" in without.stderr
    make_secrets(tmp_path)
    made = _config(compose, tmp_path)
    assert (made.returncode, made.stderr) == (0, "")


def _docker_compose() -> list[str]:
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]):
            said = subprocess.run([*command, "version"], capture_output=True, text=True, timeout=30, check=False)
            # The first version, written in Python, knows another format.
            if said.returncode == 0 and "ompose version" in said.stdout and "version 1." not in said.stdout:
                return command
    pytest.skip("docker compose is not installed")


def _config(compose: list[str], folder: Path) -> "subprocess.CompletedProcess[str]":
    command = [*compose, "--file", str(folder / COMPOSE.name), "config", "--quiet"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)
