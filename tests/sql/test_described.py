"""What is said of views: in the database it is what the files say, and the columns that the data dictionary names are there."""

from pathlib import Path

import pytest

from sinks.clickhouse import ClickHouse
from sinks.described import described
from sinks.migrations import SQL

pytestmark = pytest.mark.service

VIEWS = sorted((SQL / "views").glob("*.sql"))
VALUES = {"String": "'month'", "Float64": "1.5", "DateTime('UTC')": "'2026-11-24 00:00:00'"}
"""A value for parameters of each type; the texts are names, and a period."""


@pytest.mark.parametrize("path", VIEWS, ids=lambda path: path.stem)
def test_a_view_has_the_comment_and_the_columns_of_its_file(store: ClickHouse, path: Path) -> None:
    about = described(path)
    parameters = ", ".join(f"{name} = {VALUES[kind]}" for name, kind in about.parameters.items())
    columns, _ = store.table(f"SELECT * FROM {path.stem}{f'({parameters})' if parameters else ''} LIMIT 0")
    assert about.names == (path.stem,)
    assert about.columns == columns
    own = f"database = currentDatabase() AND name = '{path.stem}'"
    assert store.query(f"SELECT comment FROM system.tables WHERE {own}") == [(about.comment,)]
