"""Interactions in two: what a model may learn from, and what it is judged by."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from data.check import id_column, numbers, refuse_repeats, require
from data.columns import ITEM, TIME, USER, VALUE, Table
from data.errors import BadInput
from data.foreign import outcomes
from data.ids import Ids
from data.load.folder import read_known
from data.load.names import recognised
from data.load.reading import first_row, read_table
from data.tables import Dataset, Interactions, RawTable

_BARE = (USER, ITEM, VALUE, TIME)


def random_split(
    interactions: Interactions, test_share: float, seed: int, *, per_user: bool = False
) -> tuple[Interactions, Interactions]:
    """(train, test) by chance: round(share · n) rows are test, the same ones for the same seed.

    With `per_user` the share is taken of every user's rows, rounded half up, and at least one row stays in train.
    """
    _check_share(test_share)
    draw = np.random.default_rng(seed).random(len(interactions))
    if not per_user:
        test = np.zeros(len(interactions), dtype=bool)
        test[np.argsort(draw, kind="stable")[: round(test_share * len(interactions))]] = True
        return _parts(interactions, test)
    counts = np.bincount(interactions.user, minlength=len(interactions.users))
    wanted = np.minimum(np.floor(test_share * counts + 0.5), counts - 1)
    place = _place_in_user(interactions, np.lexsort((draw, interactions.user)), counts)
    return _parts(interactions, place < wanted[interactions.user])


def leave_last_out(interactions: Interactions, n: int = 1) -> tuple[Interactions, Interactions]:
    """(train, test): the last n rows of every user by time are test; of equal times the larger item code is the later.

    Users with n rows or fewer stay whole in train.
    """
    if n < 1:
        raise BadInput("the number of rows to leave out must be 1 or more", value=n, fix="give 1, 2, …")
    times = _times(interactions)
    counts = np.bincount(interactions.user, minlength=len(interactions.users))
    order = np.lexsort((interactions.item, times, interactions.user))
    place = _place_in_user(interactions, order, counts)
    count = counts[interactions.user]
    return _parts(interactions, (place >= count - n) & (count > n))


def time_split(interactions: Interactions, share: float) -> tuple[Interactions, Interactions]:
    """(train, test) at one moment for everybody: every test time is at or after it, every train time before it.

    The moment is the time of the first of the latest round(share · n) rows; rows of that same time are all test, so
    that test can be larger than the share.
    """
    _check_share(share)
    times = _times(interactions)
    count = max(round(share * len(times)), 1)
    moment = np.partition(times, len(times) - count)[len(times) - count]
    return _parts(interactions, times >= moment)


def read_pair(train_file: str | Path, test_file: str | Path, dataset: Dataset) -> tuple[Interactions, pd.DataFrame]:
    """A published split: train as interactions in the vocabulary of the data set, and test as the outcomes table.

    Files are CSV, TSV, Parquet or .rating of user_id, item_id (, value), with or without a header line.
    """
    train, test = _read_either(Path(train_file)), _read_either(Path(test_file))
    users, items = dataset.interactions.users, dataset.interactions.items
    user, item = _known(train, USER, users), _known(train, ITEM, items)
    refuse_repeats(train, (USER, ITEM), user, item, fix="keep one row per user and item")
    value = numbers(train, VALUE) if VALUE in train.frame else None
    chosen = outcomes(test)
    pairs = _known(test, USER, users).astype(np.int64) * len(items) + _known(test, ITEM, items)
    _refuse_shared(test, np.isin(pairs, user.astype(np.int64) * len(items) + item))
    return Interactions(users, items, user, item, value), chosen


def _read_either(path: Path) -> RawTable:
    """A table with a header line that names users and items, or else one without a header line."""
    first = first_row(path)
    if {USER, ITEM} <= recognised(first, Table.INTERACTIONS).keys():
        return read_known(path, Table.INTERACTIONS)
    if not 2 <= len(first) <= len(_BARE):
        raise BadInput(
            f"the first line has {len(first)} values; a split file has a user, an item and at most a value and a time",
            file=path,
            row=1,
            value=" ".join(first),
            fix="separate two to four columns by commas or tabs, or add a header line user_id,item_id",
        )
    return read_table(path, names=_BARE[: len(first)])


def _known(raw: RawTable, column: str, ids: Ids) -> np.ndarray:
    """Codes of an id column in the vocabulary of the data set; an id that is not in it is refused."""
    require(raw, (USER, ITEM))
    places, distinct = id_column(raw, column)
    codes = ids.codes(distinct)[places]
    if (codes < 0).any():
        row = int(np.argmax(codes < 0))
        raise BadInput(
            f"the data set has no such {column.removesuffix('_id')}",
            file=raw.file,
            row=raw.row(row),
            column=column,
            value=raw.frame[column].iloc[row],
            fix="use the ids of the data set that was imported, and a header line user_id,item_id or none",
        )
    return codes


def _refuse_shared(test: RawTable, shared: np.ndarray) -> None:
    """A pair in both files would be learned and then asked for."""
    if shared.any():
        row = int(np.argmax(shared))
        raise BadInput(
            "this pair is in the train file too",
            file=test.file,
            row=test.row(row),
            column=f"{USER}, {ITEM}",
            value=", ".join(str(test.frame[column].iloc[row]) for column in (USER, ITEM)),
            fix="keep it in one of the two files",
        )


def _place_in_user(interactions: Interactions, order: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The place (from 0) of every row among the rows of its user, in an order that is sorted by user first."""
    starts = np.cumsum(counts) - counts
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order)) - starts[interactions.user[order]]
    return place


def _times(interactions: Interactions) -> np.ndarray:
    if interactions.timestamp is None:
        raise BadInput(
            "the interactions have no timestamps, so they cannot be split by time",
            column=TIME,
            fix="split at random, or import the data set with a column 'timestamp'",
        )
    return interactions.timestamp


def _check_share(share: float) -> None:
    if not 0 < share < 1:
        raise BadInput("the share must lie between 0 and 1", value=share, fix="give for example 0.2")


def _parts(interactions: Interactions, test: np.ndarray) -> tuple[Interactions, Interactions]:
    for name, empty in (("train", test.all()), ("test", not test.any())):
        if empty:
            raise BadInput(
                f"this split leaves nothing to {name} ({len(test):,} interactions)",
                fix="use more data, another share or another split",
            )
    return interactions.take(~test), interactions.take(test)
