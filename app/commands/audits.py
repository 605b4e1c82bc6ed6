"""Audits and their reports."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.commands.base import Data, Json, as_long_as_it_is_read, cli, do, say
from app.workspace import opened


@cli.command()
def audit(
    data: Data,
    out: Annotated[Path, typer.Option("--out", help="Folder for the audit's tables.")],
    model: Annotated[str | None, typer.Option("--model", help="Id of a trained model.")] = None,
    recommendations: Annotated[Path | None, typer.Option(help="Lists of any system.")] = None,
    outcomes: Annotated[Path | None, typer.Option(help="Held-out choices for those lists.")] = None,
    plan: Annotated[Path | None, typer.Option(help="Audit plan, TOML or JSON.")] = None,
    require_plan: Annotated[
        bool, typer.Option("--require-plan", help="Refuse to run without a plan file, as a gate should.")
    ] = False,
    versus: Annotated[
        list[str] | None,
        typer.Option("--versus", help="Another model, or a file of lists, on the same people; may be repeated."),
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(
            "--seeds", help="Judge a model by so many draws of the held-out choices, 2 to 20; takes as many fits."
        ),
    ] = None,
    engine: Annotated[
        str | None, typer.Option("--engine", help="Count Parquet lists by duckdb or spark, whatever their size.")
    ] = None,
    sample: Annotated[
        Path | None,
        typer.Option(
            "--sample", help="File for each person's values behind the group table, .parquet or .csv; no ids."
        ),
    ] = None,
    json_: Json = False,
) -> None:
    """Assess lists over user groups and providers; exit 0 nothing flagged, 1 flagged, 2 too little evidence."""
    from app.audit_terminal import progress_bar, show_audit
    from app.use_cases.auditing import audit as assess

    with opened() as workspace, progress_bar("Assessing") as progress:
        told = assess(
            workspace,
            data,
            out,
            model_id=model,
            recommendations=recommendations,
            outcomes=outcomes,
            plan_file=plan,
            require_plan=require_plan,
            versus=versus or (),
            seeds=seeds,
            engine=engine,
            sample=sample,
            progress=progress,
        )
    if json_:
        say(told, json_)
    else:
        with as_long_as_it_is_read():
            show_audit(told)
    raise typer.Exit(int(told["exit_code"]))


@cli.command()
def report(
    run: Annotated[str, typer.Argument(help="Id of an audit run.")],
    out: Annotated[Path, typer.Option("--out", help="A file ending in .html, .pdf or .zip (evidence bundle).")],
    json_: Json = False,
) -> None:
    """Write the report of an audit, or its evidence bundle."""
    from app.use_cases.reporting import report as write

    do(lambda workspace: write(workspace, run, out), json_)


@cli.command()
def runs(json_: Json = False) -> None:
    """The audits that were run."""
    do(lambda workspace: workspace.runs.list(), json_)
