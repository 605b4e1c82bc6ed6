"""Why a title is on a list."""

from __future__ import annotations

from typing import Annotated

import typer

from app.commands.base import Json, ModelId, Size, User, cli, do


@cli.command()
def explain(
    model: ModelId,
    user: User,
    item: Annotated[str, typer.Option("--item", help="Id of a title.")],
    serendipity: Annotated[float | None, typer.Option(help="Slider, 0 (most relevant) to 1.")] = None,
    k: Size = 10,
    json_: Json = False,
) -> None:
    """Why this title for this person."""
    from app.use_cases.explaining import explain as why

    do(lambda workspace: why(workspace, model, user, item, serendipity=serendipity, k=k), json_)
