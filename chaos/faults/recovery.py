"""A recovery store that is torn, unreadable or another shard's, and a disk that is full."""

import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from chaos.fault import Fault
from chaos.ground import Ground

SMALL_DISK = "64m"


class RefusedStore(Fault):
    """The store of a shard is spoilt while it is stopped: it refuses to start, loudly, and goes on when the store is back."""

    def strike(self, ground: Ground) -> None:
        """Spoil the store, see the refusal, put the store back."""
        ground.caught_up()
        ground.wait_until_all_read()
        status = ground.pipeline.stop()
        ground.expect(status == 0, f"a clean stop gave exit code {status}")
        shard = ground.random.randrange(ground.plan.shards)
        folder = ground.pipeline.recovery(shard)
        backup = ground.folder / "backup"
        shutil.copytree(folder, backup)
        says = self.spoil(ground, shard)
        ground.pipeline.start()
        ground.wait_for(lambda: says in ground.pipeline.said(shard), f"shard {shard} to say {says!r}", 60)
        ground.expect('"event": "reading"' not in ground.pipeline.said(shard), "a shard read on with a spoilt store")
        ground.pipeline.stop()
        self.mend(ground, folder, backup)
        ground.pipeline.start()

    def spoil(self, ground: Ground, shard: int) -> str:
        """Spoil a shard's store; give what it must say."""
        raise NotImplementedError

    def mend(self, ground: Ground, folder: Path, backup: Path) -> None:
        """Put the backup in the place of the spoilt folder."""
        shutil.rmtree(folder)
        shutil.move(backup, folder)


def _file(ground: Ground, shard: int) -> Path:
    (file,) = (ground.pipeline.recovery(shard) / "bytewax").glob("*.sqlite3")
    return file


class StoreTorn(RefusedStore):
    """The last bytes of the store are cut off; without a backup, the folder is moved away and the topic read again."""

    name = "recovery-torn"
    sentence = "recovery file torn (last bytes cut off): refused; without it, the topic is read again"

    def spoil(self, ground: Ground, shard: int) -> str:
        """Cut the file off."""
        file = _file(ground, shard)
        with file.open("r+b") as raw:
            raw.truncate(file.stat().st_size - ground.random.randrange(1, 4_096))
        return "is damaged"

    def mend(self, ground: Ground, folder: Path, backup: Path) -> None:
        """Do as the message says where there is no backup."""
        shutil.rmtree(folder)
        shutil.rmtree(backup)


class StoreUnreadable(RefusedStore):
    """The store is noise; the backup is put back."""

    name = "recovery-unreadable"
    sentence = "recovery file unreadable: refused until the backup is back"

    def spoil(self, ground: Ground, shard: int) -> str:
        """Write noise."""
        file = _file(ground, shard)
        file.write_bytes(ground.random.randbytes(file.stat().st_size))
        return "is damaged"


class StoreOfAnother(RefusedStore):
    """The store of another shard lies in a shard's place."""

    name = "recovery-of-another-shard"
    sentence = "recovery file of another shard: refused by name"

    def spoil(self, ground: Ground, shard: int) -> str:
        """Take the neighbour's."""
        other = (shard + 1) % ground.plan.shards
        shutil.copy(_file(ground, other), _file(ground, shard))
        return f"is of shard {other}/{ground.plan.shards}, and this is shard {shard}/{ground.plan.shards}"


class TornLog(Fault):
    """The write-ahead log of a killed shard's store is cut off: it goes on from an older snapshot by itself."""

    name = "recovery-log-torn"
    sentence = "write-ahead log of the recovery file torn after a kill -9: an older snapshot is taken up"
    times = 5

    def strike(self, ground: Ground) -> None:
        """Kill everything, cut the logs, start again."""
        ground.waited(0, 2)
        ground.pipeline.kill()
        cut = 0
        for shard in range(ground.plan.shards):
            for log in (ground.pipeline.recovery(shard) / "bytewax").glob("*-wal"):
                size = log.stat().st_size
                with log.open("r+b") as raw:
                    raw.truncate(size * ground.random.randrange(10, 100) // 100)
                cut += size > 0
        ground.notes.append(f"{cut} logs were cut")
        ground.pipeline.start()


class DiskFull(Fault):
    """The disk of the recovery stores fills up while everything runs, and is freed after a while."""

    name = "disk-full"
    sentence = "disk full for the recovery store, then freed"
    needs_mount = True

    def prepare(self, ground: Ground) -> None:
        """Give the recovery stores a small disk of their own."""
        super().prepare(ground)
        disk = ground.pipeline.data_dir / "recovery"
        disk.mkdir(parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "none", str(disk)], check=True)
        ground.at_end(lambda: _unmounted(disk))

    def strike(self, ground: Ground) -> None:
        """Fill the disk, see the shards say so, and free it."""
        ground.caught_up()
        ballast = ground.pipeline.data_dir / "recovery" / "ballast"
        with suppress(OSError), ballast.open("wb") as raw:
            while True:
                raw.write(b"\0" * 4_096)
                raw.flush()
        ground.wait_for(
            lambda: _says(ground, "cannot be written"), "a shard to say that its store cannot be written", 60
        )
        received = ground.received()
        ground.waited(3, 6)
        ground.notes.append(f"{ground.received() - received:,} records were stored without a snapshot meanwhile")
        ballast.unlink()


def _says(ground: Ground, text: str) -> bool:
    return any(text in ground.pipeline.said(shard) for shard in range(ground.plan.shards))


def _unmounted(disk: Path) -> None:
    subprocess.run(["umount", "--lazy", str(disk)], check=False)
