"""Check the measures themselves."""

from __future__ import annotations

import typer

from app.commands.base import Json, cli, say


@cli.command()
def yardstick(json_: Json = False) -> None:
    """Make every published and hand-computed value again with our measures; exit 0 all hold, 1 one does not."""
    from app.use_cases.checking import check_yardstick

    told = check_yardstick()
    say(told, json_)
    raise typer.Exit(0 if told["ok"] else 1)
