"""`tidegauge schema`: JSON Schema files of the events for programs, and the data dictionary for people."""

from pathlib import Path
from typing import Annotated

import typer

from cli.dictionary import dictionary
from cli.terminal import out, told
from schemas.json_schema import write_schemas

SCHEMAS, PAGE = "schemas", "data-dictionary.md"
"""What is written into the folder."""


def schema(
    folder: Annotated[Path, typer.Argument(help="Where they go; made if it is not there.")] = Path("docs-out"),
) -> None:
    """Write JSON Schema files (the envelope and one per event of the catalog) and the data dictionary.

    FOLDER gets `schemas/*.json` and `data-dictionary.md`, which also says what views and SQL functions give.

    Example:

      tidegauge schema build/docs
    """
    with told():
        written = write_schemas(folder / SCHEMAS)
        (folder / PAGE).write_text(dictionary(), encoding="utf-8")
    out.print(f"{len(written)} files in {folder / SCHEMAS}, and {folder / PAGE}")
