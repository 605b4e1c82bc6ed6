"""What opting out costs: who opts out, what they would give up, and whether those who did are served worse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from audit.inference.cells import Cells
from audit.inference.intervals import Bootstrap
from audit.inference.suppression import hidden_cells
from audit.plan import Plan

EVERYBODY = "everybody"
METRIC = "ndcg"
NOBODY = "Nobody opted out."


@dataclass(frozen=True, eq=False)
class OptOuts:
    """`rates`: a row a group, share of people who opted out; `cost`: per group, the list without a profile minus the own one.

    `served`: the quality that people have who opted out, and that the others have, with the difference. Users are the
    unit of every interval. Small cells are held back by the rule of every other table; a hidden number is NaN.
    """

    rates: pd.DataFrame  # attribute, group, n, opted_out, rate, low, high, hidden
    cost: pd.DataFrame  # attribute, group, n, own, same_for_all, difference, low, high
    served: pd.DataFrame  # who, n, value, low, high
    notes: tuple[str, ...] = ()


def opt_outs(
    out: frozenset[str],
    people: pd.Index,
    groups: Mapping[str, pd.Series],
    own: pd.Series,
    same: pd.Series,
    plan: Plan,
    held: frozenset[tuple[str, str]] = frozenset(),
) -> OptOuts:
    """Compare people who opted out with the others.

    people: everybody; groups: attribute name, then group by user; own: nDCG of the personal lists of those who did not
    opt out; same: nDCG of the list that is the same for all, for everybody with truth; held: (attribute, group) that the
    main table of groups holds back, and so is held back here. Nobody who opted out is given a
    personal list to compare with: what it costs them is read off the others, who have both.
    """
    opted = pd.Series(people.astype(str).isin(list(out)), index=people)
    bootstrap, least = Bootstrap.of(plan), plan.minimum_cell
    rates = pd.concat(
        [_rates(EVERYBODY, pd.Series(EVERYBODY, index=people), opted, least, held)]
        + [_rates(name, labels, opted, least, held) for name, labels in groups.items()],
        ignore_index=True,
    )
    both = pd.DataFrame({"own": own, "same": same[~same.index.isin(list(out))]}).dropna()
    cost = pd.concat(
        [_cost(EVERYBODY, pd.Series(EVERYBODY, index=both.index), both, bootstrap, least, held)]
        + [_cost(name, labels, both, bootstrap, least, held) for name, labels in groups.items()],
        ignore_index=True,
    )
    served = _served(own.dropna(), same[same.index.isin(list(out))].dropna(), bootstrap, least)
    return OptOuts(rates, cost, served, _notes(int(opted.sum()), least))


def _rates(
    attribute: str, labels: pd.Series, opted: pd.Series, least: int, held: frozenset[tuple[str, str]]
) -> pd.DataFrame:
    known = labels.reindex(opted.index)
    names = known.where(known.notna(), "unknown").astype(str)
    counts = pd.crosstab(names, opted).reindex(columns=[False, True], fill_value=0)
    left, gone = counts[False].to_numpy(), counts[True].to_numpy()
    size = left + gone
    hidden = _hidden(gone, left, least)
    back = np.array([(attribute, name) in held for name in counts.index])
    hidden |= back
    if hidden.sum() == 1 and len(hidden) > 1:  # the only one would be the total less the others
        hidden[np.argmin(np.where(hidden, np.inf, size))] = True
    rows = []
    for place, name in enumerate(counts.index):
        shown = not hidden[place]
        rate = _wilson(int(gone[place]), int(size[place])) if shown else (np.nan,) * 3
        n = int(size[place]) if size[place] >= least and not back[place] else np.nan
        rows.append((attribute, name, n, float(gone[place]) if shown else np.nan, *rate, not shown))
    return pd.DataFrame(rows, columns=["attribute", "group", "n", "opted_out", "rate", "low", "high", "hidden"])


def _hidden(gone: np.ndarray, left: np.ndarray, least: int) -> np.ndarray:
    """Which groups' numbers are held back, so that none can be worked out from the sizes and the total."""
    m = len(gone)
    counts = np.concatenate([gone, left, gone + left, [gone.sum()]]).astype(np.float64)
    whole = np.arange(2 * m, 3 * m)
    relations = [(int(whole[g]), np.array([g, m + g])) for g in range(m)] + [(3 * m, np.arange(m))]
    rank = np.concatenate([np.zeros(2 * m), np.full(m, 3), [3]]).astype(np.int64)
    mask = hidden_cells(Cells(counts, relations, rank, np.zeros(len(counts), dtype=bool)), least)
    return mask[:m] | mask[m : 2 * m]


def _wilson(count: int, n: int) -> tuple[float, float, float]:
    from scipy.stats import binomtest

    interval = binomtest(count, n).proportion_ci(0.95, method="wilson")
    return count / n, float(interval.low), float(interval.high)


def _cost(
    attribute: str,
    labels: pd.Series,
    both: pd.DataFrame,
    bootstrap: Bootstrap,
    least: int,
    held: frozenset[tuple[str, str]],
) -> pd.DataFrame:
    known = labels.reindex(both.index).dropna().astype(str)
    rows = []
    for name in sorted(known.unique()):
        mine = both.loc[known.index[known == name]]
        if len(mine) < least or (attribute, name) in held:
            rows.append((attribute, name, *(np.nan,) * 6))
            continue
        lost = bootstrap.paired_difference(mine["same"].to_numpy(), mine["own"].to_numpy())
        means = float(mine["own"].mean()), float(mine["same"].mean())
        rows.append((attribute, name, len(mine), *means, lost.value, lost.low, lost.high))
    columns = ["attribute", "group", "n", "own", "same_for_all", "difference", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def _served(own: pd.Series, out: pd.Series, bootstrap: Bootstrap, least: int) -> pd.DataFrame:
    rows = []
    for name, values in (("who opted out", out), ("the others", own)):
        enough = len(values) >= least
        found = bootstrap.mean(values.to_numpy()) if enough else None
        rows.append((name, len(values) if enough else np.nan, *(
            (found.value, found.low, found.high) if found else (np.nan,) * 3)))  # fmt: skip
    if min(len(own), len(out)) >= least:
        together = np.concatenate([out.to_numpy(), own.to_numpy()])
        gap = bootstrap.difference(together, np.arange(len(together)) < len(out))
        rows.append(("difference", len(together), gap.value, gap.low, gap.high))
    return pd.DataFrame(rows, columns=["who", "n", "value", "low", "high"])


def _notes(opted: int, least: int) -> tuple[str, ...]:
    if opted == 0:
        return (NOBODY,)
    few = f"Fewer than {least} people opted out; their number is held back." if opted < least else ""
    said = "People who opted out are in no personalised metric; without these tables an audit would not see them."
    return tuple(line for line in (few, said) if line)
