"""Holds the dead-letter topic to the rejected records: each must be there; after a crash it may be there again, the same."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chaos.recount.recount import Reject
from chaos.recount.report import Compared

LARGEST_PAYLOAD = 900_000
"""Bytes of a payload that is still sent; the letter of a larger one says where it is to be found instead."""
Told = tuple[bytes, str, str]
"""Payload (empty where it was not sent), reason and detail of a letter."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A record of the dead-letter topic."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class LetterBox:
    """All letters, to be compared with the rejected records of one partition after the other."""

    def __init__(self, letters: Iterable[Letter]) -> None:
        """Take the letters, in any order."""
        self._compared = Compared("dead letters")
        self._left: dict[bytes, Told] = {}
        for letter in letters:
            self._take(letter)

    def compare(self, rejects: Iterable[Reject]) -> None:
        """Look for the letter of each rejected record."""
        for reject in rejects:
            place = f"{reject.place[0]}:{reject.place[1]}"
            told = self._left.pop(place.encode(), None)
            self._compared.expected += 1
            if told is None:
                self._compared.lost.add(f"{place} {reject.reason}: {reject.payload!r}")
            elif told != _expected(reject):
                self._compared.differing.add(f"{place} is {told!r}, not {_expected(reject)!r}")

    def report(self) -> Compared:
        """Give the outcome; letters that no rejected record belongs to are extra."""
        for key, told in self._left.items():
            self._compared.extra.add(f"{key.decode(errors='replace')}: {told!r}")
        self._left = {}
        return self._compared

    def _take(self, letter: Letter) -> None:
        headers = {name: (value or b"").decode(errors="replace") for name, value in letter.headers}
        told = (letter.value or b"", headers.get("reason", ""), headers.get("detail", ""))
        before = self._left.setdefault(letter.key or b"", told)
        self._compared.found += 1
        if before is told:
            return
        if before == told:
            self._compared.allowed += 1
        else:
            self._compared.twice.add(f"{letter.key!r}: {before!r} and {told!r}")


def _expected(reject: Reject) -> Told:
    payload = reject.payload if len(reject.payload) <= LARGEST_PAYLOAD else b""
    return payload, reject.reason, reject.detail
