"""`python -m tests.deploy.as_user USER DIR`: ClickHouse's engine with the rights that users.xml gives to a user.

The embedded engine knows one user, `default`: that one is given the grants, the filters and the profile. Statements come as a
JSON list on standard input; for each, its rows or the error's beginning go out, as a JSON list.
"""

import hashlib
import json
import os
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

from chdb.state.sqlitelike import connect

from tests.deploy.files import REPOSITORY

USERS = REPOSITORY / "deploy" / "clickhouse" / "users.xml"


def users_of(name: str) -> ET.Element:
    """Read users.xml, with `default` in the place of one of its users."""
    root = ET.parse(USERS).getroot()  # noqa: S314 - our own file
    users, profiles, quotas = (root.find(part) for part in ("users", "profiles", "quotas"))
    assert users is not None
    assert profiles is not None
    assert quotas is not None
    nobody, chosen = users.find("default"), users.find(f"tidegauge_{name}")
    assert nobody is not None
    assert chosen is not None
    users.remove(nobody)
    chosen.tag = "default"
    profiles.append(ET.Element("default"))
    quotas.append(ET.Element("default"))
    # The embedded engine does not read the setting of the server that this needs.
    for setting in root.iter("max_execution_time"):
        for constraint in setting.findall("changeable_in_readonly"):
            setting.remove(constraint)
    for digest in root.iter("password_sha256_hex"):
        # The embedded engine's user logs in with no password.
        os.environ[digest.attrib["from_env"]] = hashlib.sha256(b"").hexdigest()
    return root


def main(name: str, folder: Path) -> None:
    """Run the statements."""
    folder.mkdir(parents=True, exist_ok=True)
    users, config = folder / f"{name}.xml", folder / f"{name}-config.xml"
    ET.ElementTree(users_of(name)).write(users)
    config.write_text(f"<clickhouse><users_config>{users}</users_config></clickhouse>")
    connection = connect(f"{folder / 'engine'}?config-file={config}")
    answers = []
    for statement in json.load(sys.stdin):
        try:
            answers.append(connection.query(statement, "CSV").bytes().decode().strip())
        except RuntimeError as error:
            answers.append(f"refused: {str(error)[:300]}")
    connection.close()
    print(json.dumps(answers))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
