"""Every table of an audit's document as flat rows, for CSV: what is held back in the document is held back there too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audit.inference.closer import TABLES as CLOSER
from audit.report.inequality import curves
from audit.report.items import column_rows
from audit.report.reach import reach_rows
from audit.report.seeds import flat_values

Rows = Sequence[Mapping[str, Any]]


def flat_tables(document: Mapping[str, Any]) -> dict[str, Rows]:
    """Name to rows, in the order of the report; a table without rows is left out, but for the three that always are."""
    items, segments = document.get("item_groups") or {}, document.get("segments") or {}
    privacy, beside = document.get("privacy") or {}, document.get("side_by_side") or {}
    always: dict[str, Rows] = {
        "overall": list(document["overall"].values()),
        "groups": document["groups"],
        "providers": document["providers"],
    }
    more: dict[str, Rows] = {
        "sampling": document.get("sampling") or (),
        "group_summary": document.get("group_summary") or (),
        **{name: document.get(name) or () for name in CLOSER},
        "against_last": (document.get("against_last") or {}).get("rows") or (),
        "side_by_side": beside.get("rows") or (),
        "side_by_side_overall": beside.get("overall") or (),
        "pair_rates": document.get("pair_rates") or (),
        "pair_differences": document.get("pair_differences") or (),
        "exposure_matrix": document.get("exposure_matrix") or (),
        "exposure": document.get("exposure") or (),
        "provider_exposure": document.get("provider_exposure") or (),
        "item_groups": items.get("groups") or (),
        "item_columns": list(column_rows(document)),
        "expected_exposure": items.get("overall") or (),
        "lorenz": _points(document),
        "reach": list(reach_rows(document)),
        "provider_titles": _titles(document),
        "segments": segments.get("rows") or (),
        "popularity_by_group": document.get("popularity_by_group") or (),
        "inference": privacy.get("inference") or (),
        "proxies": privacy.get("proxies") or (),
        **flat_values(document),
        **{
            f"opt_outs_{name}": (document.get("opt_outs") or {}).get(name) or () for name in ("rates", "cost", "served")
        },
    }
    return {**always, **{name: rows for name, rows in more.items() if rows}}


def _points(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"of": name, "part": part, "share": share}
        for name, curve in curves(document).items()
        for part, share in zip(curve["part"], curve["share"], strict=True)
    ]


def _titles(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    details = document.get("provider_details") or {}
    return [{"provider": name, **row} for name, told in details.items() for row in told["items"]]
