"""Declared importance of a model's parameters beside what they are measured to do when each is taken away."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from audit.inference.intervals import Bootstrap
from data.errors import BadInput, NotFound
from models.base import Recommender
from models.histories import Profiles
from models.ranking import top_k
from models.why.parameters import Parameter

AS_DECLARED = "as declared"
DIFFERS = "declared differs from measured"
UNCLEAR = "too few to say"
_ROUNDING = 1e-12  # of the largest score: less is the noise of a sum in another order
_PEOPLE = 256  # scored at once when only "does any score move" is asked
_CELLS = 4_000_000


def measured_importance(
    model: Recommender,
    profiles: Profiles,
    k: int = 10,
    *,
    declared: Sequence[str] | None = None,
    bootstrap: Bootstrap | None = None,
) -> pd.DataFrame:
    """A row a parameter: what its absence changes, its rank by that, the declared rank beside it, and the answer.

    `changed` is the mean over people of 1 − |list ∩ list without it| / |list|, the list being the person's k best unseen
    titles: 0 = no title of any list changes, 1 = every title of every list does; `low`, `high` are the interval of
    `bootstrap` over people, who are the unit. `moves` says whether any score of anybody moves, which may be so while no
    list changes. `measured` ranks by `changed`, 1 the largest, equals sharing the smaller rank. People without a list
    count in no mean. For `declared`, `answer` and `why` see `judge`.
    """
    register, k = model.parameters(), min(k, len(model.training.items))
    base = top_k(model.scores, profiles, k).items
    changed = pd.DataFrame({row.id: changed_share(base, top_k(row.scores, profiles, k).items) for row in register})
    table = (bootstrap or Bootstrap(draws=1000)).means(changed).rename(columns={"value": "changed"})
    table["moves"] = [bool(changed[row.id].max() > 0) or _moves(model, row, profiles) for row in register]
    words = [{"id": row.id, "title": row.title, "data": row.data, "effect": row.effect} for row in register]
    table = pd.concat([pd.DataFrame(words), table.reset_index(drop=True)], axis=1)
    table["measured"] = table["changed"].rank(method="min", ascending=False).astype("Int64")
    return judge(table, ranks(register, declared))


def changed_share(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """For each person the share of the list `before` (codes, −1 where it ends) that is not in `after`; NaN without a list."""
    kept = np.zeros(len(before), dtype=np.int64)
    step = max(1, _CELLS // max(before.shape[1] * after.shape[1], 1))
    for start in range(0, len(before), step):
        one, other = before[start : start + step], after[start : start + step]
        kept[start : start + step] = ((one[:, :, None] == other[:, None, :]).any(axis=2) & (one >= 0)).sum(axis=1)
    length = (before >= 0).sum(axis=1)
    return np.where(length > 0, 1.0 - kept / np.maximum(length, 1), np.nan)


def ranks(register: Sequence[Parameter], declared: Sequence[str] | None) -> dict[str, int | None]:
    """The declared rank of each parameter: the model's own, or its place in a list of ids (left out: not used)."""
    if declared is None:
        return {row.id: row.declared for row in register}
    known = [row.id for row in register]
    for name in declared:
        if name not in known:
            raise NotFound("parameter", name, known)
    if len(set(declared)) < len(declared):
        raise BadInput(
            "a parameter is named twice", value=", ".join(declared), fix="name each once, most important first"
        )
    return {name: declared.index(name) + 1 if name in declared else None for name in known}


def judge(table: pd.DataFrame, declared: dict[str, int | None]) -> pd.DataFrame:
    """The same table with `declared`, `answer` and `why` (one sentence, empty where all is as declared).

    An answer is "declared differs from measured" where a score moves without a parameter that is declared as not used;
    where no score moves without one declared as used; and where two parameters are declared in one order and measured in
    the other, with intervals that do not overlap. Where only their intervals do overlap it is "too few to say".
    """
    table = table.copy()
    table["declared"] = pd.array([declared[name] for name in table["id"]], dtype="Int64")
    told = [_answer(row, table) for row in table.to_dict("records")]
    table["answer"], table["why"] = [answer for answer, _ in told], [why for _, why in told]
    return table


def _answer(row: dict[Hashable, Any], table: pd.DataFrame) -> tuple[str, str]:
    if pd.isna(row["declared"]):
        return (
            (DIFFERS, "It is declared as not used, and scores move without it.") if row["moves"] else (AS_DECLARED, "")
        )
    if not row["moves"]:
        return DIFFERS, "It is declared as used, and no score moves without it."
    used = table[table["declared"].notna()]
    above = (used["declared"] < row["declared"]) & (used["changed"] < row["changed"])
    below = (used["declared"] > row["declared"]) & (used["changed"] > row["changed"])
    swapped = used[above | below]
    apart = (swapped["low"] > row["high"]) | (swapped["high"] < row["low"])
    if apart.any():
        return DIFFERS, f"Measured the other way round: {_names(swapped[apart])}."
    if len(swapped):
        return UNCLEAR, f"The intervals overlap: {_names(swapped)}."
    return AS_DECLARED, ""


def _names(rows: pd.DataFrame) -> str:
    return ", ".join(rows["title"])


def _moves(model: Recommender, parameter: Parameter, profiles: Profiles) -> bool:
    """Whether any score of anybody differs by more than rounding."""
    for start in range(0, len(profiles), _PEOPLE):
        block = profiles.rows(start, start + _PEOPLE)
        base, ablated = model.scores(block), parameter.scores(block)
        if (np.abs(base - ablated) > _ROUNDING * max(1.0, float(np.abs(base).max(initial=0.0)))).any():
            return True
    return False
