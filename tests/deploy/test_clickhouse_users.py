"""What the ClickHouse files promise: three users with the least they need, no default one, logs that end."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from local.container_secrets import USERS, make_secrets
from sinks.cluster import CLUSTER_SETTINGS
from tests.deploy.files import REPOSITORY

FOLDER = REPOSITORY / "deploy" / "clickhouse"


def read(name: str) -> ET.Element:
    return ET.parse(FOLDER / name).getroot()  # noqa: S314 - our own file


def text(element: ET.Element, path: str) -> str:
    found = element.find(path)
    assert found is not None, path
    return (found.text or "").strip()


def grants(user: str) -> list[str]:
    return [(query.text or "").strip() for query in read("users.xml").findall(f"users/{user}/grants/query")]


def rights(user: str) -> set[str]:
    """Give the rights that a user has anywhere."""
    return {
        right.strip() for grant in grants(user) for right in grant.removeprefix("GRANT ").split(" ON ")[0].split(",")
    }


def test_there_are_these_three_users_and_no_default_one(tmp_path: Path) -> None:
    users = read("users.xml").find("users")
    assert users is not None
    assert {user.tag for user in users} == {"default", *(f"tidegauge_{name}" for name in USERS)}
    default = users.find("default")
    assert default is not None
    assert default.attrib == {"remove": "remove"}
    make_secrets(tmp_path)
    variables = (tmp_path / ".env").read_text()
    for name in USERS:
        password = users.find(f"tidegauge_{name}/password_sha256_hex")
        assert password is not None
        assert password.text is None
        assert f"{password.attrib['from_env']}=" in variables


def test_each_has_the_least_it_needs() -> None:
    assert rights("tidegauge_writer") == {"SELECT", "INSERT"}
    assert rights("tidegauge_reader") == {"SELECT"}
    assert not rights("tidegauge_migrator") & {"ALL", "DROP DATABASE", "DROP TABLE", "TRUNCATE", "ACCESS MANAGEMENT"}
    everywhere = [grant for user in USERS for grant in grants(f"tidegauge_{user}") if grant.endswith("*.*")]
    assert everywhere == ["GRANT CREATE FUNCTION, DROP FUNCTION ON *.*"]


def test_a_reader_changes_nothing_but_how_long_it_waits() -> None:
    profile = read("users.xml").find("profiles/tidegauge_reader")
    assert profile is not None
    assert text(profile, "readonly") == "1"
    assert int(text(profile, "max_execution_time")) <= int(text(profile, "constraints/max_execution_time/max"))
    (constraint,) = list(profile.find("constraints") or [])
    assert constraint.find("changeable_in_readonly") is not None
    config = read("config.xml")
    assert text(config, "access_control_improvements/settings_constraints_replace_previous") == "true"


def test_a_reader_sees_no_dead_letters_and_the_others_do() -> None:
    users = read("users.xml")
    assert text(users, "users/tidegauge_reader/databases/tidegauge/rejected_events_rows/filter") == "0"
    assert text(read("config.xml"), "access_control_improvements/users_without_row_policies_can_read_rows") == "true"


def test_a_reader_of_a_cluster_may_join_split_tables() -> None:
    """It cannot set that itself, and the server's default refuses it."""
    assert text(read("users.xml"), "profiles/tidegauge_reader/distributed_product_mode") == "global"
    assert CLUSTER_SETTINGS["distributed_product_mode"] == "global"


@pytest.mark.parametrize("log", ["query_log", "part_log", "error_log", "asynchronous_metric_log"])
def test_logs_that_are_kept_end(log: str) -> None:
    match = re.fullmatch(r"event_date \+ INTERVAL (\d+) DAY DELETE", text(read("config.xml"), f"{log}/ttl"))
    assert match
    assert int(match[1]) <= 30


def test_logs_that_nobody_reads_are_not_written() -> None:
    logs = [element for element in read("config.xml") if element.tag.endswith("_log")]
    assert len(logs) > 10
    assert all(log.attrib == {"remove": "remove"} or log.find("ttl") is not None for log in logs)
