"""What the operator sets for everybody."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from app.commands.base import Data, Json, ModelId, cli, do
from app.workspace import Workspace
from data.errors import BadInput

Reason = Annotated[str, typer.Option("--reason", help="One sentence that a reviewer will read.")]


@cli.command()
def contact(
    data: Data,
    set_: Annotated[str | None, typer.Option("--set", help="A name, and an address to write to.")] = None,
    json_: Json = False,
) -> None:
    """Who answers for the lists of a data set: shown beside every explanation."""
    from app.use_cases.choosing import set_contact

    def work(workspace: Workspace) -> dict[str, Any]:
        workspace.catalog.summary(data)
        if set_ is not None:
            set_contact(workspace, data, set_, "operator")
        return {"data": data, "contact": workspace.policies.contact(data)}

    do(work, json_)


@cli.command()
def boost(
    model: ModelId,
    item: Annotated[str | None, typer.Option(help="Id of the title to boost.")] = None,
    provider: Annotated[str | None, typer.Option(help="Provider whose titles to boost.")] = None,
    amount: Annotated[float, typer.Option(help="Points added to the score; below 0 holds back.")] = 0.0,
    label: Annotated[str, typer.Option(help="Words that people read beside it.")] = "",
    reason: Reason = "",
    remove: Annotated[bool, typer.Option("--remove", help="Take the boost away.")] = False,
    json_: Json = False,
) -> None:
    """Boost a title or a provider for a stated reason; without one named, list the boosts."""
    from app.use_cases.boosting import boosts, remove_boost, set_boost

    def work(workspace: Workspace) -> list[dict[str, Any]]:
        if item is not None and provider is not None:
            raise BadInput("a boost is for a title or for a provider", fix="give --item or --provider, not both")
        kind: Literal["item", "provider"] = "provider" if item is None else "item"
        target = provider if item is None else item
        if target is not None and remove:
            remove_boost(workspace, model, f"{kind}:{target}", reason)
        elif target is not None:
            set_boost(workspace, model, kind, target, amount, label, reason)
        return boosts(workspace, model)

    do(work, json_)
