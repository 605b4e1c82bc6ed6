"""What comes in: data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.commands.base import Json, cli, do, say


@cli.command("import")
def import_(
    source: Annotated[Path, typer.Argument(help="MovieLens archive or folder, data set folder, CSV or Parquet.")],
    name: Annotated[str, typer.Option("--as", help="Name to keep it under.")],
    replace: Annotated[bool, typer.Option(help="Replace a data set of that name.")] = False,
    json_: Json = False,
) -> None:
    """Check a data set and register it."""
    from app.use_cases.importing import import_data

    do(lambda workspace: import_data(workspace, source, name, replace=replace), json_)


@cli.command()
def fetch(
    archive: Annotated[str, typer.Argument(help="ml-100k, ml-1m, ml-latest-small, ml-latest or ml-32m.")],
    to: Annotated[Path, typer.Option(help="Folder to put it in.")] = Path(),
    json_: Json = False,
) -> None:
    """Download a MovieLens archive from its publisher, check it, and show its licence."""
    from app.use_cases.importing import fetch as download

    say(download(archive, to), json_)


@cli.command()
def datasets(json_: Json = False) -> None:
    """The registered data sets."""
    from app.use_cases.importing import datasets as known

    do(known, json_)
