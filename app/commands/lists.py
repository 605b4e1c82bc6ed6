"""Models and the lists they make."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.commands.base import Data, Json, ModelId, ModelName, Set, Size, cli, do
from data.errors import BadInput


@cli.command()
def train(data: Data, model: ModelName, set_: Set = None, json_: Json = False) -> None:
    """Fit a model, store it and log it."""
    from app.use_cases.training import parse_settings
    from app.use_cases.training import train as fit

    do(lambda workspace: fit(workspace, data, model, parse_settings(set_ or [])), json_)


@cli.command()
def models(json_: Json = False) -> None:
    """The trained models."""
    from app.use_cases.training import models as known

    do(known, json_)


@cli.command()
def evaluate(
    data: Data,
    model: ModelName,
    set_: Set = None,
    train: Annotated[Path | None, typer.Option(help="Training choices: user_id, item_id (, value).")] = None,
    test: Annotated[Path | None, typer.Option(help="Held-out choices: user_id, item_id.")] = None,
    k: Size = 10,
    seeds: Annotated[
        int | None, typer.Option("--seeds", help="So many random splits, 2 to 20, and their spread.")
    ] = None,
    json_: Json = False,
) -> None:
    """Held-out quality, with its protocol."""
    from app.use_cases.evaluating import evaluate as judge
    from app.use_cases.training import parse_settings

    settings = parse_settings(set_ or [])
    do(lambda ws: judge(ws, data, model, settings, train=train, test=test, k=k, seeds=seeds), json_)


@cli.command()
def recommend(
    model: ModelId,
    user: Annotated[str | None, typer.Option(help="Id of a person.")] = None,
    k: Size = 10,
    serendipity: Annotated[float | None, typer.Option(help="Slider, 0 (most relevant) to 1.")] = None,
    no_profile: Annotated[bool, typer.Option("--no-profile", help="The list that uses nobody's data.")] = False,
    without: Annotated[list[str] | None, typer.Option(help="item:ID, a past choice not to use; may repeat.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Everybody's list, to a Parquet file.")] = False,
    out: Annotated[Path | None, typer.Option(help="Parquet file for --all.")] = None,
    json_: Json = False,
) -> None:
    """One person's list, or everybody's."""
    from app.use_cases.recommending import recommend as one
    from app.use_cases.recommending import recommend_all, recommend_non_profiled

    if all_:
        if out is None:
            raise BadInput("--all needs a file to write", fix="add --out lists.parquet")
        do(lambda ws: recommend_all(ws, model, out, k, serendipity), json_)
    elif no_profile:
        do(lambda ws: recommend_non_profiled(ws, model, k), json_)
    elif user is None:
        raise BadInput("no person was named", fix="add --user ID, --no-profile, or --all --out lists.parquet")
    else:
        do(lambda ws: one(ws, model, user, k, serendipity=serendipity, without=without or ()), json_)
