"""Tables of somebody else's system: its lists, and what people then chose."""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.check import id_column, numbers, refuse_repeats, require, texts, whole_numbers
from data.columns import CONTEXT, ITEM, LIST, MODEL, RANK, SCORE, USER
from data.errors import BadInput
from data.ids import Ids
from data.tables import RawTable


def recommendations(raw: RawTable) -> pd.DataFrame:
    """The checked lists: user_id and item_id (str), rank (int64 from 1), and score, model, list_id, context if given.

    A list belongs to one user, list_id and model. Where there is no rank it is made from the score, the highest first
    and ties by the item that comes first in id order. Ranks that skip are kept. Row order is kept.
    """
    require(raw, (USER, ITEM))
    lists = [column for column in (MODEL, LIST, USER) if column in raw.frame]
    codes = {column: id_column(raw, column) for column in [*lists, ITEM]}
    columns: dict[str, object] = {column: _spread(*codes[column]) for column in (USER, ITEM)}
    places = [codes[column][0] for column in lists]
    once = "keep one row per user and item of a list, or tell lists apart in a column list_id"
    refuse_repeats(raw, (USER, ITEM, *(set(lists) - {USER})), *places, codes[ITEM][0], fix=once)
    columns[RANK] = _ranks(raw, lists, places, codes[ITEM])
    if SCORE in raw.frame:
        columns[SCORE] = numbers(raw, SCORE, optional=RANK in raw.frame)
    columns |= {column: _spread(*codes[column]) for column in (MODEL, LIST) if column in codes}
    if CONTEXT in raw.frame:
        columns[CONTEXT] = texts(raw.frame[CONTEXT]).array
    return pd.DataFrame(columns)


def outcomes(raw: RawTable) -> pd.DataFrame:
    """The checked held-out choices: user_id and item_id (str), a pair a row; any other column is left out."""
    require(raw, (USER, ITEM))
    user, item = id_column(raw, USER), id_column(raw, ITEM)
    refuse_repeats(raw, (USER, ITEM), user[0], item[0], fix="keep one row per user and item")
    return pd.DataFrame({USER: _spread(*user), ITEM: _spread(*item)})


def _ranks(
    raw: RawTable, lists: list[str], places: list[np.ndarray], item: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    if RANK in raw.frame:
        rank = whole_numbers(raw, RANK, 1, "count ranks from 1: the first place is 1")
        refuse_repeats(raw, (*lists, RANK), *places, rank, fix="give every place of a list one item")
        return rank
    if SCORE not in raw.frame:
        raise BadInput(
            "the lists have neither a rank nor a score, so their order is unknown",
            file=raw.file,
            column=RANK,
            fix="add a column 'rank' that counts from 1, or a column 'score'",
        )
    return _ranks_of_scores(numbers(raw, SCORE), places, Ids(item[1]).codes(item[1])[item[0]])


def _ranks_of_scores(score: np.ndarray, places: list[np.ndarray], item: np.ndarray) -> np.ndarray:
    """1 for the highest score of each list; ties by the smaller item code."""
    order = np.lexsort((item, -score, *places))
    new = np.zeros(len(order), dtype=bool)
    new[0] = True
    for place in places:
        new[1:] |= place[order][1:] != place[order][:-1]
    starts = np.flatnonzero(new)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order)))) + 1
    return rank


def _spread(places: np.ndarray, distinct: np.ndarray) -> pd.api.extensions.ExtensionArray:
    return pd.array(distinct, dtype="str").take(places)
