"""What an operator and a reviewer see of people's rights: the register, cases, retention and the purge."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from app.commands.base import Data, Json, ModelId, Size, User, cli, do
from app.workspace import Workspace

Reason = Annotated[str, typer.Option("--reason", help="One sentence that a reviewer will read.")]


@cli.command()
def requests(
    data: Data,
    right: Annotated[str | None, typer.Option("--type", help="access, portability, correction …")] = None,
    deadline: Annotated[str | None, typer.Option(help="gdpr, 30 days, or ccpa, 45; for requests from now on.")] = None,
    reason: Reason = "",
    json_: Json = False,
) -> None:
    """What people asked for by right: received, due, closed, days, outcome; how many are overdue."""
    from app.use_cases import requesting

    def work(workspace: Workspace) -> dict[str, Any]:
        if deadline is not None:
            requesting.set_deadline(workspace, data, deadline, reason)
        return requesting.requests(workspace, data, right)

    do(work, json_)


@cli.command()
def contest(
    model: ModelId,
    user: User,
    item: Annotated[str, typer.Option(help="Id of the title that is contested.")],
    why: Annotated[str, typer.Option(help="What is wrong with it.")],
    receipt: Annotated[str | None, typer.Option(help="Id of the receipt of the list; else one is made now.")] = None,
    k: Size = 10,
    json_: Json = False,
) -> None:
    """Contest a recommendation: a case is opened, with the list and its reasons attached."""
    from app.use_cases.contesting import contest as open_case

    do(lambda workspace: open_case(workspace, model, user, item, why, k=k, receipt_id=receipt), json_)


@cli.command()
def cases(
    data: Data,
    close: Annotated[str | None, typer.Option(help="Id of a case to close.")] = None,
    reviewer: Annotated[str, typer.Option(help="Who decides; not the one who answers for the lists.")] = "",
    outcome: Annotated[str, typer.Option(help="upheld, partly or rejected.")] = "",
    reason: Reason = "",
    json_: Json = False,
) -> None:
    """The recommendations that people contested; with --close, the outcome of one."""
    from app.use_cases.contesting import cases as every
    from app.use_cases.contesting import close_case

    def work(workspace: Workspace) -> list[dict[str, Any]]:
        if close is not None:
            close_case(workspace, close, reviewer, outcome, reason)
        return every(workspace, data)

    do(work, json_)


@cli.command()
def retention(
    data: Data,
    set_: Annotated[list[str] | None, typer.Option("--set", help="what=days, or what=none; may be repeated.")] = None,
    reason: Reason = "",
    json_: Json = False,
) -> None:
    """How long data is kept, and how much is over its limit now."""
    from app.use_cases.retaining import parse_days, schedule, set_retention

    def work(workspace: Workspace) -> dict[str, Any]:
        return set_retention(workspace, data, parse_days(set_), reason) if set_ else schedule(workspace, data)

    do(work, json_)


@cli.command()
def purge(data: Data, json_: Json = False) -> None:
    """Remove what is over its retention, and fit the models anew on what is left."""
    from app.use_cases.retaining import purge as remove

    do(lambda workspace: remove(workspace, data), json_)
