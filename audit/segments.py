"""Groups of people that nobody has to supply: read off their histories, so that an audit works without demographics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import sparse

from audit.clusters import behaviour
from audit.measures.beyond import calibration_column
from audit.measures.coded import Coded
from audit.measures.content import memberships, share_rows
from audit.measures.popularity import taste_groups
from data.columns import TIME, USER, Kind
from data.ids import as_text

ACTIVITY, BREADTH, TASTE, TENURE, BEHAVIOUR = "activity", "profile breadth", "popularity taste", "tenure", "behaviour"
_NEWCOMERS = 0.2


@dataclass(frozen=True, eq=False)
class Segments:
    """`groups`: name of the segmentation, then the segment of each user with a history; `words`: what each one means."""

    groups: dict[str, pd.Series] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    described: dict[str, str] = field(default_factory=dict)  # behavioural segment: what its people choose
    notes: tuple[str, ...] = ()


def segments(
    coded: Coded, items: pd.DataFrame, kinds: Mapping[str, Kind], train: pd.DataFrame | None = None, *, seed: int = 0
) -> Segments:
    """Every segmentation that the tables allow; what they do not allow is said in `notes`. Seeded."""
    index = pd.Index(coded.users.values, name=USER, dtype=object)
    counts = pd.Series(np.diff(coded.history.indptr).astype(np.float64), index=index)
    counts = counts[counts > 0]
    if counts.empty:
        return Segments(notes=("There is no training history, so no group can be read off it.",))
    tenure, how = newcomers(counts, train)
    groups = {
        ACTIVITY: thirds(counts, ("light", "medium", "heavy")),
        TASTE: taste_groups(coded),
        TENURE: tenure,
    }
    words = {
        ACTIVITY: "Thirds of all people by the number of titles they chose.",
        TASTE: "By the share of popular titles (the top 20 %) among a person's choices: the lowest fifth is niche, the "
        "highest blockbuster, everybody between diverse (Abdollahpouri et al. 2019).",
        TENURE: how,
    }
    column = calibration_column(kinds, items)
    if column is None:
        said = "No column of the items holds categories, so breadth and behaviour are not read off."
        return Segments(groups, words, notes=(said,))
    table, names = memberships(items, column, coded.items, kinds)
    profiles = share_rows(sparse.csr_array(coded.history @ table))
    groups[BREADTH] = thirds(breadth(profiles, index), ("narrow", "middling", "broad"))
    words[BREADTH] = f"Thirds by how evenly a person's choices spread over '{column}' (entropy)."
    found = behaviour(profiles, names, index, seed)
    if found is None:
        said = "Too few people have categories in their history for segments of behaviour."
        return Segments(groups, words, notes=(said,))
    groups[BEHAVIOUR] = found.labels
    words[BEHAVIOUR] = found.words.format(column=column)
    return Segments(groups, words, found.described)


def thirds(values: pd.Series, names: tuple[str, str, str]) -> pd.Series:
    """Which third of all people a person is in by `values`; equal values share a third, missing ones have none.

    The first third ends at the value that a third of people do not exceed, the second at that of two thirds.
    """
    edges = values.quantile([1 / 3, 2 / 3], interpolation="lower").to_numpy()
    place = np.searchsorted(edges, values.to_numpy(), side="left")
    return pd.Series(np.array(names, dtype=object)[place], index=values.index, dtype=object).where(values.notna())


def breadth(profiles: sparse.csr_array, index: pd.Index) -> pd.Series:
    """Entropy in bits of each person's shares of categories: 0 one category only; missing without any category."""
    logs = sparse.csr_array(profiles, copy=True)
    logs.data[:] = -profiles.data * np.log2(profiles.data, where=profiles.data > 0, out=np.zeros(len(profiles.data)))
    bits = pd.Series(np.round(np.asarray(logs.sum(axis=1)).ravel(), 12), index=index)  # sums of equal shares stay equal
    return bits.where(np.diff(profiles.indptr) > 0)


def newcomers(counts: pd.Series, train: pd.DataFrame | None) -> tuple[pd.Series, str]:
    """'newcomer' for who came last, else 'established', and how that was told.

    With times: the fifth of people whose first training choice is latest. Without: the fifth with the fewest choices.
    Equal values stay together, on the side of the established where they straddle the edge.
    """
    if train is not None and TIME in train and train[TIME].notna().all():
        first = train.assign(**{USER: as_text(train[USER])}).groupby(USER)[TIME].min().reindex(counts.index)
        new, how = first > first.quantile(1 - _NEWCOMERS, interpolation="lower"), "whose first choice is the latest"
    else:
        edge = counts.quantile(_NEWCOMERS, interpolation="higher")
        new, how = counts < edge, "with the fewest choices, as no times are given"
    labels = pd.Series(np.where(new, "newcomer", "established").astype(object), index=counts.index, dtype=object)
    return labels, f"Newcomers are the fifth of people {how}."
