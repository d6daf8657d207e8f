"""What to do about a slow statement or a cache that misses: rules of thumb, each with the sign that it goes by."""

import re
from collections.abc import Callable, Mapping
from typing import Any

Row = Mapping[str, Any]
Rule = tuple[Callable[[Row], bool], str]
POOR_HIT_RATE = 0.8
CROWDED_KEY = 0.2

QUERY_RULES: tuple[Rule, ...] = (
    (lambda row: row["errors"] > 0.01 * row["queries"], "It fails often: look at its errors before its speed."),
    (
        lambda row: bool(re.search(r"\bI?LIKE\b", row["fingerprint"], re.IGNORECASE)),
        "It compares with LIKE, which an ordinary index cannot serve: a trigram or full-text index.",
    ),
    (
        lambda row: row["p50_ms"] > 0 and row["p95_ms"] > 8 * row["p50_ms"],
        "Mostly fast and now and then slow: look for locks and cold pages.",
    ),
    (
        lambda row: (row["rows_mean"] or 0) > 500,
        "It returns many rows: take a page of them, or sum them up in the database.",
    ),
    (
        lambda row: bool(re.match(r"\s*(INSERT|UPDATE|DELETE)\b", row["fingerprint"], re.IGNORECASE)),
        "It writes row by row: write many in one statement.",
    ),
    (
        lambda row: row["mean_ms"] < 10,
        "Each is quick, there are many: keep the answer in a cache, or ask once for many.",
    ),
    (lambda row: True, "Ask the database for its plan (EXPLAIN) and look for a scan of the whole table."),
)
CACHE_RULES: tuple[Rule, ...] = (
    (lambda row: row["top_share"] > CROWDED_KEY, "One key makes much of the misses: fetch it before it is asked for."),
    (lambda row: row["value"] < POOR_HIT_RATE, "Many different keys miss: give it more room or keep entries longer."),
    (lambda row: True, "It does its work; nothing to do."),
)


def advice(rules: tuple[Rule, ...], row: Row) -> str:
    """Give the advice of the first rule that applies."""
    return next(text for applies, text in rules if applies(row))
