"""What people choose for their own lists; and how somebody new begins."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from app.commands.base import Data, Json, User, cli, do
from app.workspace import Workspace
from data.errors import BadInput

Several = list[str] | None
Switch = Annotated[bool | None, typer.Option()]


@cli.command()
def choose(
    data: Data,
    user: User,
    slider: Annotated[str | None, typer.Option(help="0 (most relevant) to 1, or 'default' to follow that.")] = None,
    profiling: Annotated[
        bool | None, typer.Option(help="Personal lists, or the list that is the same for all.")
    ] = None,
    learning: Annotated[
        bool | None, typer.Option(help="Whether the next trainings may use the person's records.")
    ] = None,
    exclude: Annotated[Several, typer.Option(help="A past choice not to use.")] = None,
    include: Annotated[Several, typer.Option(help="Use it again.")] = None,
    less: Annotated[Several, typer.Option(help="A past choice that counts for less.")] = None,
    fully: Annotated[Several, typer.Option(help="Let it count in full again.")] = None,
    hide: Annotated[Several, typer.Option(help="A title never to show.")] = None,
    show: Annotated[Several, typer.Option(help="Show it again.")] = None,
    rule: Annotated[Several, typer.Option(help="effect:kind:value, as hidden:genres:Horror.")] = None,
    drop_rule: Annotated[Several, typer.Option(help="Take such a rule back.")] = None,
    json_: Json = False,
) -> None:
    """What a person chose for their own lists; with options, change it."""
    from app.use_cases import choosing

    several = {
        "exclude": exclude, "include": include, "less": less, "fully": fully,
        "hide": hide, "show": show, "drop_rule": drop_rule, "rule": rule,
    }  # fmt: skip

    def work(workspace: Workspace) -> dict[str, Any]:
        choosing.check_person(workspace, data, user)
        steps: list[tuple[str, Any]] = [("slider", _position(slider))] if slider is not None else []
        steps += [(name, on) for name, on in (("profiling", profiling), ("learning", learning)) if on is not None]
        steps += [(name, value) for name, values in several.items() for value in values or ()]
        if steps:
            choosing.change(workspace, data, user, steps)
        return choosing.choice(workspace, data, user)

    do(work, json_)


def _position(text: str) -> float | None:
    if text == "default":
        return None
    try:
        return float(text)
    except ValueError:
        raise BadInput("the slider must be a number from 0 to 1", value=text, fix="or 'default'") from None


@cli.command()
def start(
    data: Data,
    like: Annotated[Several, typer.Option(help="Id of a title that is liked; may repeat.")] = None,
    category: Annotated[Several, typer.Option(help="A liked category, as genres:Comedy; may repeat.")] = None,
    as_: Annotated[str | None, typer.Option("--as", help="Id of the new person; else one is made.")] = None,
    notice: Annotated[
        Path | None, typer.Option(help="Text file that the person saw; else the standing notice.")
    ] = None,
    json_: Json = False,
) -> None:
    """Begin with a few liked titles and categories, and nothing else known."""
    from app.use_cases.consenting import notice as standing
    from app.use_cases.starting import start as begin

    def work(workspace: Workspace) -> dict[str, Any]:
        text = standing(workspace, data) if notice is None else notice.read_text(encoding="utf-8")
        return begin(workspace, data, text, like or (), category or (), as_)

    do(work, json_)
