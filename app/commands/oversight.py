"""A model as a whole: what drives it, what is declared of it, and whether its explanations hold."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from app.commands.base import Data, Json, ModelId, ModelName, Size, cli, do, say
from app.workspace import Workspace, opened


@cli.command()
def drivers(
    model: ModelId,
    people: Annotated[int, typer.Option(help="People drawn for the measurement.")] = 500,
    k: Size = 10,
    seed: Annotated[int, typer.Option(help="Names the draw of people.")] = 0,
    json_: Json = False,
) -> None:
    """What decides the lists of a model: declared importance beside measured, and the strongest titles."""
    from app.use_cases.overseeing import drivers as measured
    from app.use_cases.overseeing import in_short

    def work(workspace: Workspace) -> dict[str, Any]:
        told = measured(workspace, model, people=people, k=k, seed=seed)
        return told if json_ else in_short(told)

    do(work, json_)


@cli.command()
def declare(
    data: Data,
    model: ModelName,
    order: Annotated[str, typer.Option(help="Ids of parameters, most important first: choices,others …")],
    reason: Annotated[str, typer.Option(help="Why, in a sentence that a reviewer will read.")],
    json_: Json = False,
) -> None:
    """State which parameters of a model matter most; those left out are declared as not used."""
    from app.use_cases.overseeing import declare as state

    names = [name.strip() for name in order.split(",") if name.strip()]
    do(lambda workspace: state(workspace, data, model, names, reason), json_)


@cli.command("self-test")
def self_test(
    model: Annotated[str | None, typer.Option(help="Id of one trained model; the newest eight without it.")] = None,
    json_: Json = False,
) -> None:
    """Check the arithmetic of explanations against SHAP and the definition; exit 0 all hold, 1 not."""
    from app.use_cases.self_testing import self_test as check

    with opened() as workspace:
        told = check(workspace, model)
    rows = [{"name": row["name"], "holds": row["ok"], "figure": row["figure"]} for row in told["checks"]]
    say(told if json_ else {"ok": told["ok"], "at": told["at"], "checks": rows}, json_)
    raise typer.Exit(0 if told["ok"] else 1)
