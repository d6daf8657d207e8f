"""`tidegauge schema`: writes the JSON Schema files of the events, for other languages."""

from pathlib import Path
from typing import Annotated

import typer

from cli.terminal import out, told
from schemas.json_schema import write_schemas


def schema(
    folder: Annotated[Path, typer.Argument(help="Where the files go; made if it is not there.")] = Path("schemas-out"),
) -> None:
    """Write JSON Schema files: the envelope and one file per event of the catalog.

    Example:

      tidegauge schema build/schemas
    """
    with told():
        written = write_schemas(folder)
    out.print(f"{len(written)} files in {folder}")
