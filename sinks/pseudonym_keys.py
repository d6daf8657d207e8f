"""Which keys the pseudonyms of a database were made with: another one must not slip in, or everybody would count twice."""

import pyarrow as pa

from sinks.clickhouse import ClickHouse

TABLE = "pseudonym_keys"


class KeyChangedError(Exception):
    """The key is not the one that the database knows; the message says what to do."""


def fingerprints(store: ClickHouse) -> list[str]:
    """Give the fingerprints of all keys that were ever in use, the current one first."""
    rows = store.query(f"SELECT fingerprint FROM {TABLE} GROUP BY fingerprint ORDER BY max(used_from) DESC")
    return [row[0] for row in rows]


def settle(store: ClickHouse, fingerprint: str, *, accept_new: bool = False) -> None:
    """Make sure that this key is the current one; the first is taken up without a question.

    Raises:
        KeyChangedError: it is another, and `accept_new` is not given.
    """
    known = fingerprints(store)
    if known and known[0] == fingerprint:
        return
    if known and not accept_new:
        raise KeyChangedError(
            f"the ids in database {store.database} were pseudonymised with key {known[0]}, and this is key {fingerprint}: "
            "every user would count as a new one. Start with the old key (TIDEGAUGE_PSEUDONYM_KEY_FILE), or accept that with "
            "`tidegauge run --new-key`; stop all other shards first."
        )
    store.insert(TABLE, pa.table({"fingerprint": [fingerprint]}))
