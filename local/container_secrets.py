"""`make secrets`: the passwords and the key that docker-compose.yml needs, made once and never overwritten.

It needs nothing but Python, so that it runs before anything is installed. Files in secrets/ are for their owner's group, which
containers join, because a container cannot read what only another user may; the folder keeps everybody else out.
"""

import base64
import hashlib
import os
import secrets
import sys
from pathlib import Path

USERS = ("writer", "reader", "migrator")
"""Of ClickHouse; see deploy/clickhouse/users.xml."""
ENVIRONMENT, FOLDER = ".env", "secrets"


class SecretsExistError(Exception):
    """There are secrets already; the message says what losing them would mean."""


def make_secrets(root: Path) -> list[Path]:
    """Write `.env` (mode 600) and the files of `secrets/` (mode 640 in a folder of mode 700); return them.

    `.env` holds no secret that opens anything: ClickHouse's users are in it by the SHA-256 of their passwords.

    Raises:
        SecretsExistError: one of both is there; nothing was written.
        OSError: they cannot be written.
    """
    environment, folder = root / ENVIRONMENT, root / FOLDER
    for path in (environment, folder):
        if path.exists():
            raise SecretsExistError(
                f"{path} is there and stays as it is. Databases know these passwords, and with another pseudonym key every "
                f"user would count as a new one. Where nothing is to be kept: rm -r {environment} {folder}"
            )
    passwords = {user: secrets.token_urlsafe(32) for user in USERS}
    files = {f"clickhouse_{user}_password": password for user, password in passwords.items()}
    files["grafana_admin_password"] = secrets.token_urlsafe(24)
    files["pseudonym_key"] = base64.b64encode(secrets.token_bytes(32)).decode()
    folder.mkdir(mode=0o700)
    variables = {
        "TIDEGAUGE_SECRETS_GID": str(folder.stat().st_gid),
        "KAFKA_CLUSTER_ID": base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("="),
        **{f"CLICKHOUSE_{user.upper()}_SHA256": _digest(password) for user, password in passwords.items()},
    }
    made = [_write(folder / name, f"{text}\n", 0o640) for name, text in files.items()]
    lines = ["# Made by `make secrets`; docker compose reads it. What is secret is in secrets/."]
    lines += [f"{name}={value}" for name, value in variables.items()]
    return [*made, _write(environment, "\n".join(lines) + "\n", 0o600)]


def _digest(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()


def _write(path: Path, text: str, mode: int) -> Path:
    # Made with its mode, and set once more: the process's mask may have taken the group's right away.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)
    return path


def main() -> int:
    """Make them in the current directory; return the exit code."""
    try:
        made = make_secrets(Path())
    except (SecretsExistError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print("made " + ", ".join(map(str, made)))
    print(
        "Keep a copy of secrets/pseudonym_key apart from the data: without it no person can be found again or erased."
    )
    print("Grafana: user admin, password in secrets/grafana_admin_password.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
