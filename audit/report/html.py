"""The report as one HTML file: no script, nothing from outside, for screen, dark screen and paper."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from audit.report import figures
from audit.report.contents import contents
from audit.report.groups import GroupRow, GroupTable
from audit.report.plots import plot
from audit.report.providers import ProviderRow, ProviderTable


def render(document: Mapping[str, Any]) -> str:
    """The JSON document of an audit run as HTML. Equal documents give equal text."""
    from jinja2 import Environment, StrictUndefined

    page = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    page.globals.update(
        gap_chart=lambda row, table: _drawn(gap_figure(row, table)),
        gap_axis=lambda table: _drawn(figures.gap_axis(table.reach, table.threshold)),
        plot=lambda chart: _drawn(plot(chart)),
        share_chart=lambda row, table: _drawn(share_figure(row, table)),
    )
    source = files(__package__).joinpath("template.html.j2").read_text(encoding="utf-8")
    return page.from_string(source).render(report=contents(document))


def _drawn(svg: str) -> Markup:
    return Markup(svg)  # noqa: S704 - figures and plots escape every text they are given


def gap_figure(row: GroupRow, table: GroupTable) -> str:
    """The chart of a group's gap; nothing where the number is not shown."""
    if row.chart is None:
        return ""
    return figures.gap_chart(*row.chart, reach=table.reach, threshold=table.threshold, words=row.words)


def share_figure(row: ProviderRow, table: ProviderTable) -> str:
    """The bars of a provider's shares; nothing where they are undefined."""
    if row.chart is None:
        return ""
    catalogue, merit, exposure, low, high = row.chart
    return figures.share_chart(
        catalogue=catalogue, merit=merit, exposure=exposure, low=low, high=high, reach=table.reach, words=row.words
    )
