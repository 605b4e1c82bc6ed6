"""What a person asks for by right, each in one command; giving consent and withdrawing it are the same one."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from app.commands.base import Data, Json, User, cli, do
from app.workspace import Workspace
from data.errors import BadInput

Out = Annotated[Path, typer.Option("--out", help="Zip file to write.")]
Notice = Annotated[
    Path | None, typer.Option("--notice", help="Text file that the person saw; else the standing notice.")
]


@cli.command()
def consent(
    data: Data,
    user: User,
    give: Annotated[bool, typer.Option("--give", help="Agree.")] = False,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Withdraw.")] = False,
    purpose: Annotated[str | None, typer.Option(help="lists, learning or audits; all of them where not given.")] = None,
    kind: Annotated[str | None, typer.Option(help="One kind of data, such as ratings.")] = None,
    notice: Notice = None,
    at: Annotated[str | None, typer.Option(help="Show what held at a past time, such as 2026-01-31T12:00Z.")] = None,
    json_: Json = False,
) -> None:
    """What a person agreed to; with --give or --withdraw, change it, and act on it at once."""
    from app.use_cases import consenting

    if give and withdraw:
        raise BadInput("consent is given or withdrawn", fix="give --give or --withdraw, not both")

    def work(workspace: Workspace) -> dict[str, Any]:
        if give or withdraw:
            change = consenting.give if give else consenting.withdraw
            return change(workspace, data, user, _text(workspace, data, notice), purpose, kind)
        return consenting.consents(workspace, data, user, _time(at))

    do(work, json_)


@cli.command("forget-learned")
def forget_learned(data: Data, user: User, json_: Json = False) -> None:
    """Take a person out of every trained model now; their records stay."""
    from app.use_cases.consenting import forget_learned as forget

    do(lambda workspace: forget(workspace, data, user), json_)


@cli.command("object")
def object_(data: Data, user: User, json_: Json = False) -> None:
    """Object to profiling: the next list is the one that is the same for all."""
    from app.use_cases.objecting import object_to_profiling

    do(lambda workspace: object_to_profiling(workspace, data, user), json_)


@cli.command()
def restrict(
    data: Data,
    user: User,
    off: Annotated[bool, typer.Option("--off", help="Let the records be used again.")] = False,
    json_: Json = False,
) -> None:
    """Keep a person's records, and use them for nothing."""
    from app.use_cases.objecting import restrict as change

    do(lambda workspace: change(workspace, data, user, on=not off), json_)


@cli.command()
def correct(
    data: Data,
    user: User,
    item: Annotated[str | None, typer.Option(help="Id of a title that the person chose.")] = None,
    value: Annotated[float | None, typer.Option(help="The right rating of it.")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="It was never chosen.")] = False,
    attribute: Annotated[str | None, typer.Option(help="An attribute of the person.")] = None,
    to: Annotated[str | None, typer.Option(help="What it is; not known where not given.")] = None,
    json_: Json = False,
) -> None:
    """Correct or remove one own record or attribute, in the store and in every model."""
    from app.use_cases import correcting

    def work(workspace: Workspace) -> dict[str, Any]:
        if attribute is not None and item is None:
            return correcting.correct_attribute(workspace, data, user, attribute, to)
        if item is not None and remove and value is None:
            return correcting.remove_record(workspace, data, user, item)
        if item is not None and value is not None and not remove:
            return correcting.correct_rating(workspace, data, user, item, value)
        raise BadInput(
            "a correction is of one record or one attribute",
            fix="give --item with --value or --remove, or --attribute with --to",
        )

    do(work, json_)


@cli.command()
def portable(data: Data, user: User, out: Out, json_: Json = False) -> None:
    """What a person provided and what was observed of them, to take to a new account."""
    from app.use_cases.porting import portable as write

    do(lambda workspace: write(workspace, data, user, out), json_)


@cli.command()
def join(
    data: Data,
    from_: Annotated[Path, typer.Option("--from", help="Zip file that `sightglass portable` wrote.")],
    agree: Annotated[list[str] | None, typer.Option("--agree", help="A purpose agreed to; may be repeated.")] = None,
    as_: Annotated[str | None, typer.Option("--as", help="Id of the new account; else one is made.")] = None,
    notice: Notice = None,
    json_: Json = False,
) -> None:
    """Bring a portable file into a new account, with fresh consent."""
    from app.use_cases.joining import join as bring

    def work(workspace: Workspace) -> dict[str, Any]:
        return bring(workspace, data, from_, _text(workspace, data, notice), tuple(agree or ()), as_)

    do(work, json_)


def _text(workspace: Workspace, data: str, notice: Path | None) -> str:
    from app.use_cases.consenting import notice as standing

    if notice is None:
        return standing(workspace, data)
    try:
        return notice.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput("the notice cannot be read", file=notice, fix="give a text file in UTF-8") from error


def _time(at: str | None) -> datetime | None:
    if at is None:
        return None
    try:
        return datetime.fromisoformat(at)
    except ValueError as error:
        raise BadInput("this is not a time", value=at, fix="write it as 2026-01-31T12:00Z") from error
