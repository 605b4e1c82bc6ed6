"""Why a title is on a list."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from app.commands.base import Json, ModelId, Size, User, cli, do
from app.workspace import Workspace


@cli.command()
def explain(
    model: ModelId,
    user: User,
    item: Annotated[str, typer.Option("--item", help="Id of a title.")],
    serendipity: Annotated[float | None, typer.Option(help="Slider, 0 (most relevant) to 1.")] = None,
    versus: Annotated[str | None, typer.Option(help="Id of another title: why this one rather than that.")] = None,
    k: Size = 10,
    json_: Json = False,
) -> None:
    """Why this title for this person; for one that is not on the list, why not."""
    from app.use_cases.explaining import explain as why

    do(lambda workspace: why(workspace, model, user, item, serendipity=serendipity, k=k, other=versus), json_)


@cli.command("explanation-quality")
def explanation_quality(
    model: ModelId,
    people: Annotated[int, typer.Option("--people", help="How many people are drawn; all if there are fewer.")] = 500,
    k: Size = 10,
    seed: Annotated[int, typer.Option("--seed", help="Which people are drawn.")] = 0,
    json_: Json = False,
) -> None:
    """Assess the reasons of a model: are they true, short and steady, and are they thinner for some people."""
    from app.use_cases.assessing import assess_explanations, in_short

    def assessed(workspace: Workspace) -> dict[str, Any]:
        told = assess_explanations(workspace, model, people=people, k=k, seed=seed)
        return told if json_ else in_short(told)

    do(assessed, json_)
