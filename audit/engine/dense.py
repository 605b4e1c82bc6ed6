"""Counts as one array of all cells, empty ones too, a byte each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from audit.measures.counts import Along, Counts, Table
from data.parallel import at_once

_FULL = 256  # what a cell of one byte loses when it runs over


@dataclass(frozen=True, eq=False)
class Dense(Counts):
    """Counts of a stream. Each number is a sum along the cells, so that no table of parts and items is made of them."""

    cells: np.ndarray  # uint8: (part x n_items + item) x k + rank - 1
    over: np.ndarray  # a cell each time that it ran over

    def total(self, weight: np.ndarray, parts: np.ndarray | None = None) -> np.ndarray:
        """As of `Counts`."""
        groups = slice(None) if parts is None else np.unique(parts // self.buckets)
        return np.asarray(self._of_groups[groups].sum(axis=0).reshape(self.n_items, self.k) @ weight)

    def along(self, *asked: Along) -> list[Table]:
        """As of `Counts`."""
        together: dict[tuple[bytes, int], list[int]] = {}
        for number, each in enumerate(asked):
            for group in np.unique(each.parts // self.buckets):
                together.setdefault((each.weight.tobytes(), int(group)), []).append(number)
        work = [(group, [asked[number] for number in numbers]) for (_, group), numbers in together.items()]
        found: list[dict[int, Table]] = [{} for _ in asked]
        for ((_, group), numbers), tables in zip(together.items(), at_once(self._along, work), strict=True):
            for number, table in zip(numbers, tables, strict=True):
                found[number][group] = table
        return [_stacked([tables[group] for group in sorted(tables)]) for tables in found]

    def _along(self, work: tuple[int, list[Along]]) -> list[Table]:
        """The tables of one group's parts for sums of one weight, which are taken together."""
        from audit.engine.weighing import along, attention

        group, asked = work
        first, weight = group * self.buckets, asked[0].weight
        cells = self.cells.reshape(self.n_parts, self.n_items, self.k)[first : first + self.buckets]
        lost = [self._lost_of(part, weight) for part in range(first, first + self.buckets)]
        if not isinstance(asked[0].features, np.ndarray):
            given = np.array([attention(each, weight) for each in cells])
            for row, (item, amount) in zip(given, lost, strict=True):
                np.add.at(row, item, amount)
            return [sparse.csr_array(given @ each.features) for each in asked]
        features = np.concatenate([each.features.T for each in asked])
        sums = along(cells, weight, features) + [features[:, item] @ amount for item, amount in lost]
        return list(np.split(sums, np.cumsum([each.features.shape[1] for each in asked])[:-1], axis=1))

    def _lost_of(self, part: int, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Items of a part whose cells ran over, and the attention that went with it."""
        cell, times = self._lost
        size = self.n_items * self.k
        mine = slice(*np.searchsorted(cell, [part * size, (part + 1) * size]))
        item, rank = np.divmod(cell[mine] - part * size, self.k)
        return item, weight[rank] * times[mine]

    @cached_property
    def _of_groups(self) -> np.ndarray:
        """Groups x cells of one part."""
        size = self.n_items * self.k
        sums = self.cells.reshape(-1, self.buckets, size).sum(axis=1, dtype=np.int64)
        cell, times = self._lost
        part, own = np.divmod(cell, size)
        np.add.at(sums, (part // self.buckets, own), times)
        return sums

    @cached_property
    def _lost(self) -> tuple[np.ndarray, np.ndarray]:
        """The cells that ran over, in order, and what they have lost."""
        cell, times = np.unique(self.over, return_counts=True)
        return cell.astype(np.int64), times * _FULL


def _stacked(rows: list[Any]) -> Table:
    return sparse.csr_array(sparse.vstack(rows)) if sparse.issparse(rows[0]) else np.concatenate(rows)
