"""The dashboard, and the whole life cycle at once."""

from __future__ import annotations

from typing import Annotated

import typer

from app.commands.base import Json, cli, do


@cli.command()
def demo(json_: Json = False) -> None:
    """The whole life cycle on the demo world: train, recommend, explain, audit, report."""
    from app.use_cases.demonstrating import demonstrate

    do(demonstrate, json_)


@cli.command()
def serve(
    port: Annotated[int, typer.Option(help="Port of the dashboard.")] = 8501,
    host: Annotated[str, typer.Option(help="Address to listen on; this machine only unless you say otherwise.")] = (
        "127.0.0.1"
    ),
    person_header: Annotated[
        str, typer.Option(help="Header in which your proxy names the visitor; then people see their own pages alone.")
    ] = "",
) -> None:
    """Open the dashboard."""
    from app.server import run

    run(host, port, person_header)
