"""One provider at a time: how many people its items reach, who they are, at which ranks, and which items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from audit.inference.cells import Cells
from audit.inference.suppression import hidden_cells
from audit.measures.coded import Coded, divide
from audit.measures.exposure import UNKNOWN
from audit.measures.grouping import Grouping
from audit.measures.weights import weights
from audit.plan import Plan
from data.columns import PROVIDER, TITLE, Kind
from data.errors import NotFound
from data.ids import Ids, as_text

MOST_PROVIDERS, MOST_ITEMS = 40, 10


def provider_detail(document: Mapping[str, Any], provider: str) -> dict[str, Any]:
    """Read the detail of one provider from the JSON document of an audit."""
    details = document.get("provider_details") or {}
    if provider not in details:
        raise NotFound("provider with a detail", provider, list(details))
    return dict(details[provider])


def provider_details(
    coded: Coded,
    items: pd.DataFrame,
    kinds: Mapping[str, Kind],
    groups: Mapping[str, pd.Series],
    plan: Plan,
    *,
    column: str = PROVIDER,
    most: int = MOST_PROVIDERS,
    hidden: frozenset[tuple[str, str]] = frozenset(),
) -> dict[str, dict[str, Any]]:
    """The detail of the providers with most catalogue items; {} where the items name none.

    `people`, `reached`, `share`: people with a list, those whose list shows any of its items, and their part. `ranks`:
    at each rank from 1, how many lists show it there. `items`: the most shown, with lists and mean rank; `never` counts
    those that nobody is shown. `groups`: by attribute, the same reach among the people of each group; a group is held
    back where fewer than `plan.minimum_cell` of it have a list, are reached or are not, and others with it where they
    would tell; so are the `hidden` attributes and groups, which other tables hold back.
    An item of several providers counts whole for each.
    """
    if column not in items:
        return {}
    grouping = Grouping.of(coded, items, kinds, column)
    order = np.lexsort((np.arange(len(grouping.names)), -grouping.members))
    chosen = [int(place) for place in order if grouping.known[place] and grouping.members[place] > 0][:most]
    belongs = sparse.csr_array(grouping.whole[:, chosen])
    reached = _reached(coded, belongs)
    ranks, shown = _ranks(coded, belongs), _Shown(coded)
    held = {name: {group for each, group in hidden if each == name} for name in groups}
    by_group = {name: _groups(coded, labels, reached, plan, held[name]) for name, labels in groups.items()}
    exposure = np.bincount(coded.item, weights=weights(plan.browsing, coded.rank), minlength=len(coded.items))
    titles, columns = _titles(items), sparse.csc_array(belongs)
    total = (reached.shape[0], np.asarray(reached.sum(axis=0)).ravel())
    details = {}
    for place, group in enumerate(chosen):
        mine = columns.indices[columns.indptr[place] : columns.indptr[place + 1]]
        mine = mine[coded.catalogue[mine]]
        details[grouping.names[group]] = {
            "people": total[0],
            "reached": int(total[1][place]),
            "share": float(total[1][place] / max(total[0], 1)),
            "ranks": ranks[place].tolist(),
            "n_items": len(mine),
            "never": int((shown.lists[mine] == 0).sum()),
            "items": _top_items(mine, shown, exposure, coded.items, titles),
            "groups": {name: rows[place] for name, rows in by_group.items()},
        }
    return details


class _Shown:
    """Per item: lists that show it, and the mean of the best rank in them."""

    def __init__(self, coded: Coded) -> None:
        size, item = len(coded.items), coded.item[coded.first]
        self.lists = np.bincount(item, minlength=size)
        self.rank = divide(np.bincount(item, weights=coded.rank[coded.first], minlength=size), self.lists)


def _reached(coded: Coded, belongs: sparse.csr_array) -> sparse.csr_array:
    """People with a list x providers, 1 where the list shows any of its items."""
    listed = coded.length > 0
    pointers = np.concatenate([[0], np.cumsum(coded.length[listed])])
    rows = sparse.csr_array((np.ones(len(coded.item)), coded.item, pointers), shape=(listed.sum(), len(coded.items)))
    table = sparse.csr_array(rows @ belongs)
    table.data[:] = 1.0
    return table


def _ranks(coded: Coded, belongs: sparse.csr_array) -> np.ndarray:
    """Providers x ranks 1..k: lists that show one of its items there."""
    rows = sparse.coo_array(belongs[coded.item])
    row, provider = rows.coords
    cell = provider.astype(np.int64) * coded.k + coded.rank[row] - 1
    return np.bincount(cell, minlength=belongs.shape[1] * coded.k).reshape(belongs.shape[1], coded.k)


def _groups(
    coded: Coded, labels: pd.Series, reached: sparse.csr_array, plan: Plan, held: set[str]
) -> list[list[dict[str, Any]]]:
    """For each provider the groups of one attribute: name, people with a list, how many are reached, and their part."""
    index = as_text(labels.index.to_series()).to_numpy()
    text = pd.Series(as_text(labels).to_numpy(), index=index, dtype=object)
    mine = text.reindex(coded.users.values[coded.length > 0])
    names = Ids(mine[mine.notna()])
    codes = np.where(mine.notna(), names.codes(mine.where(mine.notna(), "")), len(names))
    people = np.bincount(codes, minlength=len(names) + 1)
    one_hot = sparse.csr_array((np.ones(len(codes)), (codes, np.arange(len(codes)))), shape=(len(people), len(codes)))
    counts = (one_hot @ reached).toarray().astype(np.int64)
    there = np.flatnonzero(people > 0)
    told = [str(name) for name in np.append(names.values, UNKNOWN)[there]]
    small = _hidden(people[there], plan.minimum_cell) | np.isin(told, list(held))
    return [
        _rows(told, people[there], counts[there, place], small, plan.minimum_cell) for place in range(counts.shape[1])
    ]


def _rows(
    names: list[str], people: np.ndarray, reached: np.ndarray, small: np.ndarray, minimum: int
) -> list[dict[str, Any]]:
    hidden = _hidden(reached, minimum) | _hidden(people - reached, minimum) | small
    return [
        {
            "group": name,
            "people": None if few else int(n),
            "reached": None if held else int(count),
            "share": None if held else float(count / n),
        }
        for name, n, count, held, few in zip(names, people, reached, hidden, small, strict=True)
    ]


def _hidden(counts: np.ndarray, minimum: int) -> np.ndarray:
    """The one rule of suppression over the counts of one attribute under their public sum."""
    every = np.append(counts.sum(), counts)
    rank = np.append(3, np.zeros(len(counts), dtype=np.int64))
    cells = Cells(every, [(0, np.arange(1, len(every)))], rank, np.append(True, np.zeros(len(counts), dtype=bool)))
    return hidden_cells(cells, minimum)[1:]


def _top_items(
    mine: np.ndarray, shown: _Shown, exposure: np.ndarray, ids: Ids, titles: pd.Series
) -> list[dict[str, Any]]:
    order = mine[np.lexsort((mine, -exposure[mine]))][:MOST_ITEMS]
    total = exposure[mine].sum()
    return [
        {
            "item_id": ids[place],
            "title": str(titles.get(ids[place], ids[place])),
            "lists": int(shown.lists[place]),
            "mean_rank": float(shown.rank[place]),
            "exposure": float(exposure[place] / total),
        }
        for place in order
        if shown.lists[place] > 0
    ]


def _titles(items: pd.DataFrame) -> pd.Series:
    index = as_text(items.index.to_series()).to_numpy()
    titles = pd.Series(items[TITLE].to_numpy() if TITLE in items else index, index=index, dtype=object)
    return titles.where(titles.notna(), pd.Series(index, index=index, dtype=object))
