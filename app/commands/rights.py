"""A person's rights, and checking what was promised."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from app.commands.base import Data, Json, User, cli, do, say
from app.workspace import Workspace
from data.errors import BadInput


@cli.command()
def erase(
    data: Annotated[str | None, typer.Option("--data", help="Name of a registered data set.")] = None,
    user: Annotated[str | None, typer.Option("--user", help="Id of a person.")] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Say what would go and what remains; change nothing.")] = (
        False
    ),
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the erasures that were cut off.")] = False,
    json_: Json = False,
) -> None:
    """Erase a person from stores and models, with a certificate."""
    from app.use_cases import erasing

    def work(workspace: Workspace) -> dict[str, Any]:
        if resume:
            return erasing.resumed_in_words(workspace, erasing.resume(workspace), json_)
        if data is not None:
            workspace.catalog.summary(data)
        if data is None or user is None:
            raise BadInput("nobody was named", fix="add --data NAME --user ID, or --resume for those that were cut off")
        if preview:
            return erasing.preview(workspace, data, user)
        told = erasing.erase(workspace, data, user)
        return told if json_ else erasing.in_short(told, str(workspace.folder))

    do(work, json_)


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
    head: Annotated[
        str | None, typer.Option("--head", help="SIZE:ROOT of the log that you noted, or had from somebody you trust.")
    ] = None,
    json_: Json = False,
) -> None:
    """Check a bundle, a certificate, a receipt or the log, offline; exit 0 all holds, 1 not, 2 not all can be shown."""
    from data.keep.verifier import exit_code, parse_head, verify_path

    if not path.exists():
        raise BadInput("there is no such file", file=path, fix="give the path of a bundle, certificate, receipt or log")
    try:
        trusted = None if head is None else parse_head(head)
    except ValueError as error:
        raise BadInput(str(error), value=head, fix="copy it as it was noted") from error
    told = verify_path(path, trusted)
    say(told if json_ else _failures_first(told), json_)
    raise typer.Exit(exit_code(told))


def _failures_first(told: dict[str, Any]) -> dict[str, Any]:
    """The answer for a person: first whether it holds and what is not bound, then the checks, those that fail at the top."""
    unbound = {"unbound": told["unbound"]} if told["unbound"] else {}
    return {"ok": told["ok"], **unbound, "checks": sorted(told["checks"], key=lambda check: bool(check["ok"]))}
