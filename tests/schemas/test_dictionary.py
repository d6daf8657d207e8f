"""The data dictionary: complete, and the page in the repository is the one that models and SQL give."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.dictionary import dictionary
from cli.main import app
from schemas.catalog import CATALOG
from schemas.dictionary import data_dictionary
from schemas.shape import shapes
from sinks.described import described

PAGE = Path(__file__).parents[2] / "docs" / "data-dictionary.md"


def test_the_page_is_in_step() -> None:
    assert PAGE.read_text("utf-8") == dictionary(), "out of step with models or SQL: run `make docs`"


@pytest.mark.parametrize("event", CATALOG)
def test_every_event_and_property_is_listed(event: str) -> None:
    section = data_dictionary().partition(f"#### `{event}`\n")[2].partition("\n#")[0]
    own = [shape for shape in shapes(CATALOG[event]) if shape.name not in ("duration_ms", "outcome")]
    assert str(CATALOG[event].__doc__) in section
    assert section.count("\n| `") == len(own)
    for shape in own:
        assert f"| `{shape.wire_name}` |" in section


def test_no_cell_breaks_its_table() -> None:
    rows = [line for line in data_dictionary().splitlines() if line.startswith("|")]
    assert {line.count("|") for line in rows} == {7}


def test_extra_sections_follow() -> None:
    page = data_dictionary(["## Views\n\nWhat people read.", "## Tables\n"])
    assert page.startswith(data_dictionary())
    assert page.endswith("\n\n## Views\n\nWhat people read.\n\n## Tables\n")


SQL = Path(__file__).parents[2] / "sql"
VIEWS, FUNCTIONS = (sorted((SQL / folder).glob("*.sql")) for folder in ("views", "functions"))


def test_the_command_writes_the_page_and_the_schemas(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["schema", str(tmp_path / "new")])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "new" / "data-dictionary.md").read_bytes() == PAGE.read_bytes()
    written = sorted(path.name for path in (tmp_path / "new" / "schemas").iterdir())
    assert written == sorted(path.name for path in (PAGE.parent / "schemas").iterdir())


@pytest.mark.parametrize("path", [*VIEWS, *FUNCTIONS], ids=lambda path: path.stem)
def test_every_word_about_views_and_functions_is_there(path: Path) -> None:
    about = described(path)
    page = PAGE.read_text("utf-8").partition("\n## Views\n")[2]
    heading = "### " + ", ".join(f"`{name}`" for name in about.names) + "\n"
    section = page.partition(heading)[2].partition("\n#")[0].replace("\\", "").replace("\n- ", "\n")
    assert about.names
    assert about.comment
    assert section.split()[: len(about.comment.split())] == about.comment.split()
    for name in (*about.columns, *about.parameters):
        assert f"`{name}`" in section
