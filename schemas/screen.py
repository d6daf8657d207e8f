"""Finds the records that the fast path must not decode unseen: its parser would not notice what is wrong.

See `schemas.narrow` for what it does not notice. A record found here is not necessarily bad: it is judged
alone by `schemas.reference`, which is slow and certain.
"""

import re
from collections.abc import Sequence
from typing import Final

MAX_DEPTH: Final = 256
"""Objects and arrays inside one another, at most.

Far below the interpreter's limit, so that the caller's own depth never decides a verdict; and a record that
could pass it is longer than most, so that few are counted.
"""

ESCAPE: Final = b"\\"
NUL_ESCAPE: Final = b"\\u0000"
_SHORT: Final = 2 * MAX_DEPTH  # bytes; what is opened must be closed, so a shorter record is not too deep

_STRING: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)


def suspects(records: Sequence[bytes], *, max_bytes: int) -> list[int]:
    """Return the indices of the records to judge alone, in order. Costs little when there are none."""
    if not _is_readable(b"\n".join(records)):
        return [i for i, raw in enumerate(records) if is_suspect(raw, max_bytes=max_bytes)]
    harmless = min(max_bytes, _SHORT)
    return [i for i, raw in enumerate(records) if len(raw) > harmless and (len(raw) > max_bytes or _may_be_deep(raw))]


def is_suspect(raw: bytes, *, max_bytes: int) -> bool:
    """Tell whether one record is too large, may be too deep, is not UTF-8, or may hold U+0000."""
    return len(raw) > max_bytes or _may_be_deep(raw) or not _is_readable(raw)


def _may_be_deep(raw: bytes) -> bool:
    """Tell whether a record has brackets enough to nest too deep."""
    return len(raw) > _SHORT and raw.count(b"{") + raw.count(b"[") > MAX_DEPTH


def _is_readable(raw: bytes) -> bool:
    """Tell whether all of the bytes are UTF-8 and none may stand for U+0000."""
    # One byte is looked for ten times as fast as six, and most batches hold no escape at all.
    return not (ESCAPE in raw and NUL_ESCAPE in raw) and is_utf8(raw)


def is_utf8(raw: bytes) -> bool:
    """Tell whether bytes are valid UTF-8."""
    if raw.isascii():
        return True
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def depth(raw: bytes) -> int:
    """Return how deep a record nests, by its brackets outside texts alone: no parser must go there."""
    deepest = level = 0
    for byte in _STRING.sub(b"", raw):
        if byte in b"[{":
            level += 1
            deepest = max(deepest, level)
        elif byte in b"]}":
            level -= 1
    return deepest
