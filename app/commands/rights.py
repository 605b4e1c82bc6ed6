"""A person's rights, and checking what was promised."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.commands.base import Data, Json, User, cli, do, say
from data.errors import BadInput


@cli.command()
def erase(data: Data, user: User, json_: Json = False) -> None:
    """Erase a person from stores and models, with a certificate."""
    from app.use_cases.erasing import erase as forget

    do(lambda workspace: forget(workspace, data, user), json_)


@cli.command("my-data")
def my_data(
    data: Data,
    user: User,
    out: Annotated[Path, typer.Option("--out", help="Zip file to write.")],
    json_: Json = False,
) -> None:
    """Everything that is held about a person, as a zip."""
    from app.use_cases.exporting import my_data as export

    do(lambda workspace: export(workspace, data, user, out), json_)


@cli.command()
def verify(
    path: Annotated[
        Path, typer.Argument(help="An evidence bundle, an erasure certificate, a receipt or an exported log.")
    ],
    json_: Json = False,
) -> None:
    """Check a bundle, a certificate, a receipt or the log, offline."""
    from data.keep.verifier import verify_path

    if not path.exists():
        raise BadInput("there is no such file", file=path, fix="give the path of a bundle, certificate, receipt or log")
    told = verify_path(path)
    say(told, json_)
    raise typer.Exit(0 if told["ok"] else 1)
