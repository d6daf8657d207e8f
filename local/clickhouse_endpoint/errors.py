"""Errors as a ClickHouse server reports them: a code, a name, a text and an HTTP status."""

import re
from typing import Final, Self

_CODE_PREFIX: Final = re.compile(r"Code: (\d+)\. (?:DB::Exception: )?")
_TRAILER: Final = re.compile(r"\s*\(([A-Z][A-Z0-9_]*)\)(?: \(version [^)]*\))?\.?\s*$")
_VERSION: Final = re.compile(r" \(version [^)]*\)\.?(?= \([A-Z0-9_]+\))")

# The statuses of a ClickHouse server, for the codes that a client meets; everything else is a 500.
_HTTP_STATUS: Final = {
    **dict.fromkeys((6, 26, 27, 36, 38, 41, 43, 53, 62, 69, 70, 72, 115, 117, 130, 158, 452, 456, 457), 400),
    **dict.fromkeys((164, 497), 403),
    **dict.fromkeys((16, 46, 47, 50, 56, 60, 73, 81, 372), 404),
    223: 413,
    48: 501,
    159: 408,
}


class ClickHouseError(Exception):
    """A request that failed; `str()` of it is the body of the answer.

    `code` and `name` are ClickHouse's own pair, such as 60 and `UNKNOWN_TABLE`; `reason` says what to do.
    """

    def __init__(self, code: int, name: str, reason: str, status: int | None = None) -> None:
        super().__init__(f"Code: {code}. DB::Exception: {reason} ({name})")
        self.code = code
        self.name = name
        self.reason = reason
        self.status = status or _HTTP_STATUS.get(code, 500)

    @classmethod
    def from_engine(cls, text: str) -> Self:
        """Read the text of an engine exception, which repeats its prefix once per layer it passed."""
        code = _CODE_PREFIX.search(text)
        if code is None:
            return cls(1002, "UNKNOWN_EXCEPTION", text.strip())
        reason = _VERSION.sub("", _CODE_PREFIX.sub("", text[code.start() :]))
        names = []
        while trailer := _TRAILER.search(reason):
            names.append(trailer[1])
            reason = reason[: trailer.start()]
        return cls(int(code[1]), names[0] if names else "UNKNOWN_EXCEPTION", reason.strip())


def syntax_error(reason: str) -> ClickHouseError:
    """Build the error for text that cannot be read as one statement."""
    return ClickHouseError(62, "SYNTAX_ERROR", reason)


def access_denied(reason: str) -> ClickHouseError:
    """Build the error for what this endpoint refuses on purpose."""
    return ClickHouseError(497, "ACCESS_DENIED", f"{reason} (refused by the local endpoint)")


def not_implemented(reason: str) -> ClickHouseError:
    """Build the error for what a ClickHouse server can and this endpoint cannot."""
    return ClickHouseError(48, "NOT_IMPLEMENTED", f"{reason} (not offered by the local endpoint)")
