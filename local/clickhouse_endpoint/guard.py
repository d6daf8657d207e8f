"""What SQL may do at the local endpoint: everything inside the database, nothing outside it.

This is the outer of two walls. It refuses by name what reaches files, the network or other processes. The
inner wall is the engine's own access control, see `engine.py`; each was tested with the other one open.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from local.clickhouse_endpoint.errors import access_denied, not_implemented, syntax_error
from local.clickhouse_endpoint.lexer import Kind, Token, tokens
from local.clickhouse_endpoint.statement import Statement


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Table functions that read nothing but their arguments and the tables of this database, in lower case.
SAFE_TABLE_FUNCTIONS: Final = _words(
    """
    dictionary format fuzzjson fuzzquery generate_series generaterandom generateseries input loop merge
    mergetreeanalyzeindexes mergetreeanalyzeindexesuuid mergetreecodecblockcounts mergetreeindex
    mergetreeprojection mergetreetextindex null numbers numbers_mt primes sqlstandardvalues timeseriesdata
    timeseriesmetricfamilies timeseriesmetrics timeseriessamples timeseriesselector timeseriestags values view
    viewexplain viewifpermitted zeros zeros_mt
    """
)
# Everything callable that leaves the database. The endpoint adds what a newer engine brings along.
OUTSIDE_FUNCTIONS: Final = _words(
    """
    arrowflight arrowstream azureblobstorage azureblobstoragecluster bigquery catboostevaluate cluster
    clusterallreplicas cosn deltalake deltalakeazure deltalakeazurecluster deltalakecluster deltalakelocal
    deltalakes3 deltalakes3cluster disk eval executable file filecluster filesystem gcs hdfs hdfscluster hive
    hudi hudicluster iceberg icebergazure icebergazurecluster icebergcluster iceberghdfs iceberghdfscluster
    iceberglocal iceberglocalcluster icebergs3 icebergs3cluster jdbc mongodb mysql odbc oss paimon paimonazure
    paimonazurecluster paimoncluster paimonhdfs paimonhdfscluster paimonlocal paimons3 paimons3cluster
    postgresql prometheusquery prometheusqueryrange python redis remote remotesecure s3 s3cluster sqlite
    url urlcluster ytsaurus aiclassify aiembed aiextract aifilter aigenerate airedact aisimilarity
    aitranslate
    """
)
SAFE_ENGINES: Final = _words(
    """
    mergetree replacingmergetree summingmergetree aggregatingmergetree collapsingmergetree
    versionedcollapsingmergetree coalescingmergetree graphitemergetree log tinylog stripelog memory null set
    join buffer merge view materializedview generaterandom alias atomic
    """
)
_SAFE_DICTIONARY_SOURCES: Final = frozenset({"CLICKHOUSE", "NULL"})
_VERBS: Final = _words(
    """
    SELECT WITH FROM INSERT CREATE REPLACE DROP UNDROP ALTER RENAME EXCHANGE TRUNCATE OPTIMIZE DESCRIBE DESC
    SHOW EXISTS EXPLAIN SET USE KILL CHECK DELETE UPDATE DETACH ATTACH ANALYZE
    """
)
_FORBIDDEN_VERBS: Final = _words("SYSTEM BACKUP RESTORE GRANT REVOKE MOVE COPY EXECUTE IMPORT EXPORT")


class Guard:
    """The rules for one engine; `table_functions` are the names of all that this engine has.

    A table function that neither list above knows is refused, so a newer engine opens no door by itself.
    """

    def __init__(self, table_functions: Iterable[str] = ()) -> None:
        known = {name.lower() for name in table_functions}
        self._outside = OUTSIDE_FUNCTIONS | (known - SAFE_TABLE_FUNCTIONS)

    def check(self, statement: Statement) -> None:
        """Raise ClickHouseError (497, ACCESS_DENIED) with the reason if `statement` reaches outside.

        Raises 62 for a verb that is none of SQL's, and 48 for an INSERT inside another statement.
        """
        _check_verb(statement.tokens)
        _check_clauses(statement.tokens)
        if statement.tokens[0].is_word("CREATE", "REPLACE", "ATTACH", "ALTER"):
            _check_engine(statement.tokens)
            _check_dictionary(statement.tokens)
        self._check_calls(statement.tokens)
        if (statement.input_format or "").lower() == "values":
            # The engine evaluates expressions among VALUES, so these are code as well as data.
            self._check_calls(tuple(tokens(statement.data)))

    def _check_calls(self, found: Sequence[Token]) -> None:
        for name, after in pairwise(found):
            if not after.is_symbol("("):
                continue
            if name.is_symbol("}"):
                raise access_denied("The name of a function cannot be a parameter")
            if name.kind is Kind.QUOTED and "\\" in name.text:
                raise access_denied("The name of a function cannot contain a backslash")
            if name.kind in (Kind.WORD, Kind.QUOTED) and name.text.lower() in self._outside:
                raise access_denied(f"{name.text.lower()}() reaches outside the database")


def _check_verb(found: Sequence[Token]) -> None:
    verb = next((token for token in found if not token.is_symbol("(")), found[0])
    if verb.is_word(*_FORBIDDEN_VERBS):
        raise access_denied(f"{verb.text} reaches outside the database")
    if not verb.is_word(*_VERBS):
        raise syntax_error(f"A statement cannot begin with {verb.text!r}")


def _check_clauses(found: Sequence[Token]) -> None:
    for position, (word, after) in enumerate(pairwise(found)):
        if word.is_word("INTO") and after.is_word("OUTFILE"):
            raise access_denied("INTO OUTFILE writes a file")
        if word.is_word("FROM") and after.is_word("INFILE"):
            raise access_denied("FROM INFILE reads a file; send the data as the request body")
        if word.is_word("PARALLEL") and after.is_word("WITH"):
            raise syntax_error("Multi-statements are not allowed, not even PARALLEL WITH")
        if position and word.is_word("INSERT") and after.is_word("INTO"):
            raise not_implemented("INSERT inside another statement")
        if word.is_word("FROM") and after.kind is Kind.STRING and found[0].is_word("ATTACH", "ALTER"):
            raise access_denied(f"{found[0].text} ... FROM a path reaches outside the database")


def _check_engine(found: Sequence[Token]) -> None:
    for position, token in enumerate(found):
        if not token.is_word("ENGINE"):
            continue
        rest = found[position + 1 :]
        assigned = bool(rest) and rest[0].is_symbol("=")
        name = rest[int(assigned)] if len(rest) > int(assigned) else None
        if name is None or name.kind not in (Kind.WORD, Kind.QUOTED):
            continue
        # Without the sign, `engine` may also be a column of the SELECT that a view is made of.
        if not assigned and name.is_word("FROM", "AS", "IN", "LIKE", "ORDER", "GROUP", "AND", "OR"):
            continue
        if name.text.lower() not in SAFE_ENGINES:
            raise access_denied(f"Engine {name.text} is not one of those that stay inside the database")


def _check_dictionary(found: Sequence[Token]) -> None:
    if not any(token.is_word("DICTIONARY") for token in found[:4]):
        return
    for word, bracket, source in zip(found, found[1:], found[2:], strict=False):
        if not (word.is_word("SOURCE") and bracket.is_symbol("(")):
            continue
        if source.text.upper() not in _SAFE_DICTIONARY_SOURCES:
            raise access_denied(f"A dictionary cannot come from {source.text} here, only from CLICKHOUSE or NULL")
    if any(token.is_word("HOST", "REPLICA") for token in found):
        raise access_denied("A dictionary cannot come from another host")
