"""Receipts of lists: leave one, and make its list again later."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.commands.base import Json, ModelId, Size, User, cli, do


@cli.command()
def receipt(
    model: ModelId,
    user: User,
    out: Annotated[Path, typer.Option("--out", help="JSON file to write.")],
    k: Size = 10,
    serendipity: Annotated[float | None, typer.Option(help="Slider, 0 (most relevant) to 1.")] = None,
    json_: Json = False,
) -> None:
    """One list with its reasons, as a receipt that can be checked and replayed."""
    from app.use_cases.receipting import receipt_file

    do(lambda workspace: receipt_file(workspace, model, user, out, k, serendipity), json_)


@cli.command()
def replay(
    path: Annotated[Path, typer.Argument(help="A receipt.")],
    json_: Json = False,
) -> None:
    """Make the list of a receipt again and compare it; ends with 0 where it is the same, else 1."""
    from app.use_cases.receipting import replay_file

    told = do(lambda workspace: replay_file(workspace, path), json_)
    raise typer.Exit(0 if told["replayed"] else 1)
