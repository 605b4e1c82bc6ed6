"""What every command shares: the application, its options, and one JSON document with --json."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from app.workspace import Workspace, opened

cli = typer.Typer(
    help="See why a recommender shows what it shows, for whom it works worse, and change it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Data = Annotated[str, typer.Option("--data", help="Name of a registered data set.")]
ModelName = Annotated[str, typer.Option("--model", help="linear, popularity, item-neighbours …")]
ModelId = Annotated[str, typer.Option("--model", help="Id of a trained model; see `sightglass models`.")]
User = Annotated[str, typer.Option("--user", help="Id of a person.")]
Size = Annotated[int, typer.Option("-k", help="Length of a list.")]
Set = Annotated[list[str] | None, typer.Option("--set", help="A setting of the model, key=value; may be repeated.")]


def do(work: Callable[[Workspace], dict[str, Any] | list[dict[str, Any]]], as_json: bool) -> Any:
    """Do the work in the state folder and say the result."""
    with opened() as workspace:
        told = work(workspace)
    say(told, as_json)
    return told


def say(told: Any, as_json: bool) -> None:
    """Print a result, as JSON or for a person."""
    with as_long_as_it_is_read():
        if as_json:
            print(json.dumps(plain(told), ensure_ascii=False, allow_nan=False))
        else:
            from app.terminal import show

            show(told)


@contextmanager
def as_long_as_it_is_read() -> Iterator[None]:
    """Printing inside it ends where the reader stops, as `head` does; the command then ends with its own exit code."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        no_more_output()
    except SystemExit as ended:
        # rich ends the process itself with 1, which means "flagged"
        if not isinstance(ended.__context__, BrokenPipeError):
            raise
        no_more_output()


def no_more_output() -> None:
    """Let what is still to be printed go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def plain(value: Any) -> Any:
    """The value with NaN and infinity as null, so that any JSON reader takes it."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
