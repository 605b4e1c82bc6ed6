"""The command line: the same use cases as the pages, and one JSON document with --json."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from app.workspace import Workspace, opened
from data.errors import BadInput, SightglassError

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


def main() -> None:
    """Run the command line; a refusal is one sentence on standard error and exit code 3."""
    try:
        code = cli(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except SightglassError as refused:
        print(refused, file=sys.stderr)
        sys.exit(refused.exit_code)
    except typer.Abort:
        sys.exit(130)
    except BrokenPipeError:  # whoever read our output has stopped, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:  # a full disk, a folder that may not be written to
        print(f"{error.filename or 'a file'}: {error.strerror or error}; check the path.", file=sys.stderr)
        sys.exit(3)
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        print(error.format_message(), file=sys.stderr)  # a wrong option: click's own sentence
        sys.exit(3)


def _do(work: Callable[[Workspace], dict[str, Any] | list[dict[str, Any]]], as_json: bool) -> Any:
    with opened() as workspace:
        told = work(workspace)
    _say(told, as_json)
    return told


def _say(told: Any, as_json: bool) -> None:
    if as_json:
        print(json.dumps(plain(told), ensure_ascii=False, allow_nan=False))
    else:
        from app.terminal import show

        show(told)


def plain(value: Any) -> Any:
    """The value with NaN and infinity as null, so that any JSON reader takes it."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


@cli.command()
def demo(json_: Json = False) -> None:
    """The whole life cycle on the demo world: train, recommend, explain, audit, report."""
    from app.use_cases.demonstrating import demonstrate

    _do(demonstrate, json_)


@cli.command()
def serve(
    port: Annotated[int, typer.Option(help="Port of the dashboard.")] = 8501,
    host: Annotated[str, typer.Option(help="Address to listen on; this machine only unless you say otherwise.")] = (
        "127.0.0.1"
    ),
) -> None:
    """Open the dashboard."""
    from app.server import run

    run(host, port)


@cli.command("import")
def import_(
    source: Annotated[Path, typer.Argument(help="MovieLens archive or folder, data set folder, CSV or Parquet.")],
    name: Annotated[str, typer.Option("--as", help="Name to keep it under.")],
    replace: Annotated[bool, typer.Option(help="Replace a data set of that name.")] = False,
    json_: Json = False,
) -> None:
    """Check a data set and register it."""
    from app.use_cases.importing import import_data

    _do(lambda workspace: import_data(workspace, source, name, replace=replace), json_)


@cli.command()
def fetch(
    archive: Annotated[str, typer.Argument(help="ml-100k, ml-1m, ml-latest-small, ml-latest or ml-32m.")],
    to: Annotated[Path, typer.Option(help="Folder to put it in.")] = Path(),
    json_: Json = False,
) -> None:
    """Download a MovieLens archive from its publisher, check it, and show its licence."""
    from app.use_cases.importing import fetch as download

    _say(download(archive, to), json_)


@cli.command()
def datasets(json_: Json = False) -> None:
    """The registered data sets."""
    from app.use_cases.importing import datasets as known

    _do(known, json_)


@cli.command()
def models(json_: Json = False) -> None:
    """The trained models."""
    from app.use_cases.training import models as known

    _do(known, json_)


@cli.command()
def runs(json_: Json = False) -> None:
    """The audits that were run."""
    _do(lambda workspace: workspace.runs.list(), json_)


@cli.command()
def train(data: Data, model: ModelName, set_: Set = None, json_: Json = False) -> None:
    """Fit a model, store it and log it."""
    from app.use_cases.training import parse_settings
    from app.use_cases.training import train as fit

    _do(lambda workspace: fit(workspace, data, model, parse_settings(set_ or [])), json_)


@cli.command()
def evaluate(
    data: Data,
    model: ModelName,
    set_: Set = None,
    train: Annotated[Path | None, typer.Option(help="Training choices: user_id, item_id (, value).")] = None,
    test: Annotated[Path | None, typer.Option(help="Held-out choices: user_id, item_id.")] = None,
    k: Size = 10,
    json_: Json = False,
) -> None:
    """Held-out quality, with its protocol."""
    from app.use_cases.evaluating import evaluate as judge
    from app.use_cases.training import parse_settings

    _do(lambda ws: judge(ws, data, model, parse_settings(set_ or []), train=train, test=test, k=k), json_)


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
        _do(lambda ws: recommend_all(ws, model, out, k, serendipity or 0.0), json_)
    elif no_profile:
        _do(lambda ws: recommend_non_profiled(ws, model, k), json_)
    elif user is None:
        raise BadInput("no person was named", fix="add --user ID, --no-profile, or --all --out lists.parquet")
    else:
        _do(lambda ws: one(ws, model, user, k, serendipity=serendipity, without=without or ()), json_)


@cli.command()
def explain(
    model: ModelId,
    user: User,
    item: Annotated[str, typer.Option("--item", help="Id of a title.")],
    serendipity: Annotated[float | None, typer.Option(help="Slider, 0 (most relevant) to 1.")] = None,
    k: Size = 10,
    json_: Json = False,
) -> None:
    """Why this title for this person."""
    from app.use_cases.explaining import explain as why

    _do(lambda workspace: why(workspace, model, user, item, serendipity=serendipity, k=k), json_)


@cli.command()
def audit(
    data: Data,
    out: Annotated[Path, typer.Option("--out", help="Folder for the audit's tables.")],
    model: Annotated[str | None, typer.Option("--model", help="Id of a trained model.")] = None,
    recommendations: Annotated[Path | None, typer.Option(help="Lists of any system.")] = None,
    outcomes: Annotated[Path | None, typer.Option(help="Held-out choices for those lists.")] = None,
    plan: Annotated[Path | None, typer.Option(help="Audit plan, TOML or JSON.")] = None,
    json_: Json = False,
) -> None:
    """Assess lists over user groups and providers; exit 0 nothing flagged, 1 flagged, 2 too little evidence."""
    from app.use_cases.auditing import audit as assess

    told = _do(
        lambda ws: assess(
            ws, data, out, model_id=model, recommendations=recommendations, outcomes=outcomes, plan_file=plan
        ),
        json_,
    )
    raise typer.Exit(int(told["exit_code"]))


@cli.command()
def report(
    run: Annotated[str, typer.Argument(help="Id of an audit run.")],
    out: Annotated[Path, typer.Option("--out", help="A file ending in .html, .pdf or .zip (evidence bundle).")],
    json_: Json = False,
) -> None:
    """Write the report of an audit, or its evidence bundle."""
    from app.use_cases.reporting import report as write

    _do(lambda workspace: write(workspace, run, out), json_)


@cli.command()
def erase(data: Data, user: User, json_: Json = False) -> None:
    """Erase a person from stores and models, with a certificate."""
    from app.use_cases.erasing import erase as forget

    _do(lambda workspace: forget(workspace, data, user), json_)


@cli.command("my-data")
def my_data(
    data: Data,
    user: User,
    out: Annotated[Path, typer.Option("--out", help="Zip file to write.")],
    json_: Json = False,
) -> None:
    """Everything that is held about a person, as a zip."""
    from app.use_cases.exporting import my_data as export

    _do(lambda workspace: export(workspace, data, user, out), json_)


@cli.command()
def verify(
    path: Annotated[Path, typer.Argument(help="An evidence bundle, an erasure certificate or an exported log.")],
    json_: Json = False,
) -> None:
    """Check a bundle, a certificate or the log, offline."""
    from data.keep.verifier import verify_path

    if not path.exists():
        raise BadInput("there is no such file", file=path, fix="give the path of a bundle, certificate or log")
    told = verify_path(path)
    _say(told, json_)
    raise typer.Exit(0 if told["ok"] else 1)
