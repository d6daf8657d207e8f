"""`tidegauge dashboards`: makes Grafana's dashboards from sql/panels, or tells whether those that are there are in step."""

from typing import Annotated

import typer

from cli.terminal import FAILED, err, fail, out

dashboards = typer.Typer(add_completion=False, help="Grafana's dashboards, made from sql/panels.", no_args_is_help=True)


@dashboards.command()
def build(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail where a file is not in step.")] = False,
) -> None:
    """Make dashboards/grafana/*.json anew.

    Examples:

      tidegauge dashboards build

      tidegauge dashboards build --check

    Exit codes: 0 done, or all in step; 1 something is not, or a package is missing.
    """
    try:
        # Of the optional packages for development: whoever only runs the pipeline does not have it.
        from dashboards.grafana import files
    except ModuleNotFoundError as error:
        fail(f"{error.name} is missing: pip install 'tidegauge[dev]'")
    stale = [(path, text) for path, text in files() if not path.exists() or path.read_text() != text]
    for path, text in stale:
        if check:
            err.print(f"{path.name} is not in step with sql/panels: run `tidegauge dashboards build`", soft_wrap=True)
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            out.print(f"wrote {path.name}")
    if check and stale:
        raise typer.Exit(FAILED)


@dashboards.callback()
def _group() -> None:
    """Keep `build` a subcommand of its own: more will follow."""
