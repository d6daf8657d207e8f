"""`make screenshots`: pictures of the four dashboards on 28 simulated days, light and dark, on a screen and on a phone."""

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

import typer

from dashboards.panels import dashboards
from tests.dashboards.world import CHOICES, World, running_world
from tests.local.page.browser import between, running_browser, visit
from tests.local.page.conftest import running_page

SCREEN, PHONE = (1400, 1000), (390, 844)
QUALITY = 72
SHAPES: tuple[tuple[str, tuple[int, int], Literal["light", "dark"]], ...] = (
    ("light", SCREEN, "light"),
    ("dark", SCREEN, "dark"),
    ("phone", PHONE, "light"),
)


def main(
    folder: Annotated[Path, typer.Argument(help="Where the pictures go.")] = Path("docs/screenshots"),
    whole: Annotated[bool, typer.Option("--whole", help="The whole page instead of what fits the screen.")] = False,
) -> None:
    """Take the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory(prefix="tidegauge-world-") as data,
        running_world(Path(data), users=600) as world,
        running_page(world.url, world.database) as address,
    ):
        _take(world, address, folder, whole)


def _take(world: World, address: str, folder: Path, whole: bool) -> None:
    chosen = "&".join(f"{name}={values[0]}" for name, values in CHOICES.items())
    with running_browser() as browser:
        for shape, (width, height), theme in SHAPES:
            context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
            for each in dashboards():
                begin = world.end - (timedelta(hours=1) if each.name == "operations" else timedelta(days=28))
                seen = visit(context, f"{address}/{each.name}?refresh=0&{between(begin, world.end)}&{chosen}")
                path = folder / f"{each.name}-{shape}.jpg"
                seen.page.screenshot(path=path, type="jpeg", quality=QUALITY, full_page=whole)
                seen.page.close()
                typer.echo(f"wrote {path}")
            context.close()


if __name__ == "__main__":
    typer.run(main)
