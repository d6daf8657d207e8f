"""Fetches the jars of Apache Kafka once, by Maven and the pom beside this file, and says what is missing where it cannot.

`python -m local.apache_kafka.jars` fetches them and prints their folder.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

POM: Final = Path(__file__).with_name("pom.xml")
FOLDER: Final = Path(__file__).parents[2] / ".kafka"
"""Where the jars are kept: in the checkout, so that a clean clone is clean."""
JAVA: Final = 17
"""The oldest Java that this Kafka runs on."""
_FETCH_SECONDS: Final = 600


class KafkaMissingError(RuntimeError):
    """Kafka cannot be had on this machine; the text says what to install."""


def version() -> str:
    """Return the version of Kafka that the pom names."""
    found = re.search(r"<artifactId>apache-kafka</artifactId>\s*<version>([^<]+)<", POM.read_text())
    assert found is not None, "the pom names its version"  # noqa: S101 - a file of this package
    return found[1]


def missing() -> str | None:
    """Say what keeps Kafka from running here; None where nothing does."""
    if (java := _java_version()) < JAVA:
        there = f"Java {java} is too old" if java else "there is no Java"
        return f"{there}: Kafka needs Java {JAVA} or newer (on Debian: apt install openjdk-{JAVA}-jre-headless)"
    if not _fetched().is_file() and shutil.which("mvn") is None:
        return "Maven is not there to fetch Kafka's jars (on Debian: apt install maven)"
    return None


def fetch() -> Path:
    """Return the folder of the jars, fetched if they are not there yet.

    Raises:
        KafkaMissingError: Java or Maven is missing, or Maven failed.
    """
    if reason := missing():
        raise KafkaMissingError(reason)
    done = _fetched()
    if not done.is_file():
        command = ["mvn", "--quiet", "--batch-mode", "--file", str(POM), "dependency:copy-dependencies"]
        options = [f"-DoutputDirectory={done.parent}", "-DincludeScope=runtime"]
        ran = subprocess.run([*command, *options], capture_output=True, text=True, timeout=_FETCH_SECONDS, check=False)
        if ran.returncode != 0:
            raise KafkaMissingError(f"Maven could not fetch Kafka {version()}:\n{(ran.stdout + ran.stderr).strip()}")
        done.touch()
    return done.parent


def _fetched() -> Path:
    return FOLDER / version() / "fetched"


def _java_version() -> int:
    """Return the major version of `java`, 0 where there is none."""
    java = shutil.which("java", path=os.environ.get("PATH"))
    if java is None:
        return 0
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(found[1]) if found else 0


if __name__ == "__main__":
    try:
        print(f"Kafka {version()} in {fetch()}")
    except KafkaMissingError as error:
        sys.exit(str(error))
