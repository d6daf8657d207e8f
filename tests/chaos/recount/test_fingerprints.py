"""The recount's fingerprints are the pipeline's, for plain statements; others it refuses and never guesses."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaos.recount.fingerprints import StrangeStatementError
from chaos.recount.fingerprints import fingerprint as recounted
from pipelines.fingerprint import fingerprint

PLAIN = (
    "SELECT id, name, unit, unit_price FROM library_items WHERE name ILIKE '%screed o''cement%' ORDER BY rank LIMIT 50",
    "SELECT unit_price, currency FROM prices WHERE item_id = 2708 AND valid_to IS NULL;",
    "SELECT value FROM factors WHERE region_id = 269 AND year=2026",
    "INSERT INTO library_items (id, name, category) VALUES (13234, 'new item', 'custom')",
    "INSERT INTO t (a,b) VALUES (1,NULL), (-2, 'x')",
    "UPDATE estimates SET status = 'closed', closed_at = now() WHERE id = 148685",
    "UPDATE  estimates SET total = 125000.50,\n revision = revision + 1 WHERE id = 830278",
    "SELECT count(*) FROM t AS x WHERE x.a IN (1,2,3) AND b BETWEEN -1 AND +2 AND c-1 > 2 GROUP BY a, b",
    "SELECT a-b FROM t WHERE x IS NOT NULL AND y = TRUE ORDER BY 1 DESC",
    "SELECT (SELECT count(*) FROM u), avg(x) OVER (PARTITION BY y) FROM t",
    "DELETE FROM t WHERE a <> 2 OR b IN (SELECT c FROM d LIMIT 1)",
    "WITH q AS (SELECT 1) SELECT * FROM q",
    *("load", "", "'a b'", "5", " a ;"),
)
STRANGE = (
    *("SELECT a FROM t -- why", "SELECT a /* why */ FROM t", "SELECT a FROM t WHERE b = $1", "SELECT `a` FROM t"),
    *("SELECT 'it\\'s'", 'SELECT "a" FROM t', "select a FROM t", "load items", "u-17", "SELECT " + "a, " * 300 + "a"),
)


@pytest.mark.parametrize("statement", PLAIN)
def test_plain_statements(statement: str) -> None:
    assert recounted(statement) == fingerprint(statement)


@pytest.mark.parametrize("statement", STRANGE)
def test_strange_statements_are_refused(statement: str) -> None:
    with pytest.raises(StrangeStatementError):
        recounted(statement)


LITERALS = st.one_of(
    st.integers(-5, 10**6).map(str),
    st.decimals(0, 100, places=2).map(str),
    st.text(st.characters(categories=["L", "N", "Zs"], include_characters="%_.,'()"), max_size=8).map(
        lambda text: "'" + text.replace("'", "''") + "'"
    ),
)
NAMES = st.sampled_from(["id", "name", "unit_price", "t.total", "owner_id"])
CONDITIONS = st.one_of(
    st.builds("{} {} {}".format, NAMES, st.sampled_from(["=", "<>", "<=", "LIKE", "NOT LIKE"]), LITERALS),
    st.builds("{} IN ({})".format, NAMES, st.lists(LITERALS, min_size=1, max_size=4).map(",".join)),
    st.builds("{} BETWEEN {} AND {} * 2".format, NAMES, LITERALS, NAMES),
    st.builds("lower({}) = {} OR {} IS NOT NULL".format, NAMES, LITERALS, NAMES),
)
SELECTS = st.builds(
    "SELECT {} FROM items AS t WHERE {} ORDER BY {} LIMIT {}".format,
    st.lists(NAMES | st.just("count( * )") | LITERALS, min_size=1, max_size=4).map(" , ".join),
    st.lists(CONDITIONS, min_size=1, max_size=3).map(" AND\n ".join),
    NAMES,
    st.integers(1, 50),
)
INSERTS = st.builds(
    "INSERT INTO items (id, name) VALUES {}".format,
    st.lists(st.builds("({}, {})".format, LITERALS, LITERALS | st.just("NULL")), min_size=1, max_size=3).map(", ".join),
)


@given(SELECTS | INSERTS)
@settings(deadline=None, max_examples=300)
def test_drawn_statements(statement: str) -> None:
    assert recounted(statement) == fingerprint(statement)
