"""The server's side: requests, database queries and the cache."""

from typing import Annotated

from pydantic import Field

from schemas.catalog.base import Properties
from schemas.fields import ByteSize, Count, FreeText, Label


class RequestServed(Properties):
    """The server answered an HTTP request; `duration_ms` is the time that it took."""

    method: Label | None = None
    """HTTP method."""

    route: FreeText | None = None
    """The route's template, without ids."""

    status: Annotated[int, Field(ge=100, le=599)] | None = None
    """HTTP status code."""

    bytes: ByteSize | None = None
    """Size of the answer's body."""


class DbQuery(Properties):
    """The server queried a database; `duration_ms` is the time that it took."""

    statement: FreeText | None = None
    """The statement's name, or its text without values."""

    database: Label | None = None
    """The database."""

    rows: Count | None = None
    """Rows returned or changed."""


class CacheAccess(Properties):
    """The server looked something up in a cache."""

    hit: bool
    """Whether it was there."""

    cache: Label | None = None
    """The cache."""

    key: FreeText | None = None
    """The key, or its template."""


EVENTS: dict[str, type[Properties]] = {
    "request.served": RequestServed,
    "db.query": DbQuery,
    "cache.access": CacheAccess,
}
