"""A shard's folder on disk: one process at a time, and always the same number of shards."""

import fcntl
import os
from pathlib import Path
from types import TracebackType

COUNT_FILE = "shards"


class ShardFolderError(Exception):
    """The folder belongs to another process or to another number of shards; the message says what to do."""


class ShardFolder:
    """The folder `recovery/shard-I` of a data directory, held by one process while it is entered."""

    def __init__(self, data_dir: Path, shard: int, shards: int) -> None:
        self.root = data_dir / "recovery"
        self.path = self.root / f"shard-{shard}"
        self._shards = shards
        self._lock: int | None = None

    @property
    def store(self) -> Path:
        """Where Bytewax keeps offsets and state."""
        return self.path / "bytewax"

    @property
    def ids(self) -> Path:
        """Where sealed message ids are kept."""
        return self.path / "ids"

    def __enter__(self) -> "ShardFolder":
        """Take the folder.

        Raises:
            ShardFolderError: another process holds it, or it was made for another number of shards.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        try:
            self._check_count()
        except ShardFolderError:
            self._release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._release()

    def _take_lock(self) -> None:
        file = self.path / "lock"
        self._lock = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            # The kernel drops the lock with the process, so a kill leaves nothing to clean up.
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = file.read_text().strip() or "unknown"
            os.close(self._lock)
            self._lock = None
            raise ShardFolderError(
                f"{self.path} is in use by process {holder}: this shard already runs. Stop that process first, or set "
                "TIDEGAUGE_DATA_DIR to a folder of its own for a second pipeline."
            ) from None
        os.truncate(self._lock, 0)
        os.write(self._lock, str(os.getpid()).encode())

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _check_count(self) -> None:
        file = self.root / COUNT_FILE
        if not file.exists():
            file.write_text(f"{self._shards}\n")
        before = int(file.read_text())
        if before != self._shards:
            raise ShardFolderError(
                f"{self.root} was made for {before} shards, not {self._shards}: partitions would be read twice or not at all. "
                f"Start with --shards {before}; to change the number, stop, point TIDEGAUGE_DATA_DIR to a new folder and "
                "replay the topic (rows are overwritten by themselves, no figure changes)."
            )
