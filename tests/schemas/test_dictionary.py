"""The data dictionary: complete, and the page in the repository is the one the models give."""

from pathlib import Path

import pytest

from schemas.catalog import CATALOG
from schemas.dictionary import data_dictionary
from schemas.shape import shapes

PAGE = Path(__file__).parents[2] / "docs" / "data-dictionary.md"


def test_the_page_is_in_step() -> None:
    page = PAGE.read_text("utf-8")
    assert page.startswith(data_dictionary()), "out of step with the models: run `tidegauge schema`"


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
