"""Secrets that the local stack makes for itself, so that it runs as carefully as a production one without any setting."""

import base64
import os
import secrets
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

KEY_BYTES = 32


def local_key_path(data_dir: Path) -> Path:
    """Say where the local stack's pseudonym key is kept."""
    return data_dir / "secrets" / "pseudonym.key"


def local_key(data_dir: Path) -> Path:
    """Return the file with the local stack's pseudonym key; the first use makes it, readable by its owner alone."""
    path = local_key_path(data_dir)
    if path.exists():
        return path
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Written aside and linked: the key is there whole or not at all, and of two that make one the first wins.
    with NamedTemporaryFile("wb", dir=path.parent, prefix=".pseudonym-") as aside:
        aside.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
        aside.flush()
        os.fsync(aside.fileno())
        with suppress(FileExistsError):
            os.link(aside.name, path)
    return path
