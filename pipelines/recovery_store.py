"""The recovery store on disk: looked over before it is trusted, and told of when it cannot be written.

Bytewax takes up whatever it finds under a part's name and begins anew where it finds nothing, so a store that is damaged or
belongs to another shard must be noticed here. A torn write-ahead log is no damage: SQLite goes back to the snapshot before.
"""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path


class RecoveryStoreError(Exception):
    """The recovery store cannot be read or written; the message says what to do."""


def check(store: Path, part: str) -> None:
    """Look a shard's recovery store over before it is used.

    Args:
        store: folder of its files; one that holds none yet is well.
        part: name of the shard's part, the only key that may stand in it.

    Raises:
        RecoveryStoreError: a file is damaged, or belongs to another shard.
    """
    for file in sorted(store.glob("*.sqlite3")):
        try:
            if _is_short(file):
                raise sqlite3.DatabaseError("its last bytes are missing")
            with closing(sqlite3.connect(file)) as database:
                problem = _damage(database)
                strangers = [] if problem else _other_keys(database, part)
        except (sqlite3.Error, OSError) as error:
            raise _damaged(file, str(error)) from error
        if problem:
            raise _damaged(file, problem)
        if strangers:
            raise RecoveryStoreError(
                f"{file} is of shard {strangers[0]}, and this is shard {part}. Put the folder of this shard back in its "
                f"place. {_BEGIN_ANEW.format(folder=store.parent)}"
            )


def not_written(store: Path, error: BaseException) -> RecoveryStoreError:
    """Say why a snapshot could not be written."""
    free = shutil.disk_usage(store).free
    reason = "its disk is full" if "DiskFull" in str(error) else str(error)
    return RecoveryStoreError(
        f"the recovery store {store} cannot be written: {reason} ({free / 1e6:,.1f} MB are free). Nothing is lost: the start "
        "after this goes back to the last snapshot that was written. Make room, then start again."
    )


_BEGIN_ANEW = (
    "If it cannot be had back, move {folder} away: the topic is then read again from its oldest record, and rows that are "
    "stored already are overwritten by themselves."
)


def _is_short(file: Path) -> bool:
    """Tell whether a file is shorter than its header says, which SQLite itself fills up with zeros where it is less than a page.

    While a write-ahead log lies beside it, pages may be missing that stand there. Source: "Database File Format", SQLite.
    """
    log = file.with_name(f"{file.name}-wal")
    if log.exists() and log.stat().st_size:
        return False
    with file.open("rb") as raw:
        header = raw.read(32)
    size_of_page = int.from_bytes(header[16:18], "big")
    pages = int.from_bytes(header[28:32], "big")
    return file.stat().st_size < pages * (65_536 if size_of_page == 1 else size_of_page) or len(header) < 32


def _damage(database: sqlite3.Connection) -> str:
    """Describe what is wrong with a file, in SQLite's words; empty where nothing is."""
    (found,) = database.execute("PRAGMA quick_check(1)").fetchone()
    return "" if found == "ok" else str(found)


def _other_keys(database: sqlite3.Connection, part: str) -> list[str]:
    keys = database.execute("SELECT DISTINCT state_key FROM snaps WHERE state_key != ?", (part,))
    return [str(key) for (key,) in keys]


def _damaged(file: Path, reason: str) -> RecoveryStoreError:
    return RecoveryStoreError(
        f"{file} is damaged ({reason.splitlines()[0]}). Restore the shard's folder from a backup: an older one is right, too. "
        f"{_BEGIN_ANEW.format(folder=file.parents[1])}"
    )
