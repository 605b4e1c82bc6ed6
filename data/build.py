"""The one validation: what a loader read becomes a data set, or one sentence says why not."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd

from data.check import dates, id_column, numbers, refuse_repeats, repeated, repeats, require, seconds, texts
from data.columns import ITEM, PROVIDER, TIME, TITLE, USER, VALUE, Kind, Role
from data.errors import BadInput
from data.foreign import outcomes, recommendations
from data.ids import Ids
from data.tables import Dataset, Interactions, RawTable, Source

__all__ = ["build", "outcomes", "recommendations"]

_Choice = TypeVar("_Choice", bound=StrEnum)


@dataclass(frozen=True)
class _Coded:
    """An id column: distinct ids as text, and the place of each row among them."""

    places: np.ndarray
    distinct: np.ndarray

    def codes(self, ids: Ids) -> np.ndarray:
        return ids.codes(self.distinct)[self.places]


def build(source: Source, name: str) -> tuple[Dataset, pd.DataFrame]:
    """Check everything a loader read; returns the data set, and its sensitive attributes apart.

    Vocabularies are the ids of the tables of items and users together with those of the interactions, so items that
    nobody chose are kept. The sensitive table has index user_id in vocabulary order and a str column an attribute;
    it has no columns where there are none. What is odd but usable is told in `Dataset.warnings`.
    """
    notes = list(source.warnings)
    table = source.interactions
    require(table, (USER, ITEM))
    user, item = _Coded(*id_column(table, USER)), _Coded(*id_column(table, ITEM))
    values = numbers(table, VALUE) if VALUE in table.frame else None
    times = _times(table, notes)
    kept = _kept(table, user, item, times, notes)
    kinds, roles = _kinds(source), _roles(source)
    item_rows, user_rows = _key(source.items, ITEM), _key(source.users, USER)
    items, users = _union(item, item_rows), _union(user, user_rows)
    interactions = Interactions(
        users,
        items,
        user.codes(users)[kept],
        item.codes(items)[kept],
        None if values is None else values[kept],
        None if times is None else times[kept],
    )
    notes += _dropped(table, (USER, ITEM, VALUE, TIME))
    notes += _limits(interactions, _unlisted(item, item_rows), _unlisted(user, user_rows))
    attributes = _attributes(source.users, user_rows, users, roles, notes)
    sensitive = [column for column, role in roles.items() if role is Role.SENSITIVE]
    dataset = Dataset(
        name=name,
        interactions=interactions,
        items=_content(source.items, item_rows, items, kinds, notes),
        users=attributes.drop(columns=sensitive),
        kinds=kinds,
        roles=roles,
        title=source.title or name,
        licence=source.licence,
        url=source.url,
        warnings=tuple(notes),
    )
    return dataset, attributes[sensitive]


def _times(table: RawTable, notes: list[str]) -> np.ndarray | None:
    if TIME not in table.frame:
        return None
    times, understood = seconds(table, TIME)
    notes += understood
    return times


def _kept(table: RawTable, user: _Coded, item: _Coded, times: np.ndarray | None, notes: list[str]) -> np.ndarray:
    """Positions of the rows to keep: all, or the latest of a pair that was chosen at several times."""
    again, key = repeats(user.places, item.places)
    if not again.any():
        return np.arange(len(key))
    if times is None:
        row = int(np.argmax(again))
        fix = "keep one row per user and item, or add a column 'timestamp' to keep the latest"
        raise repeated(table, (USER, ITEM), row, int(np.argmax(key == key[row])), fix)
    fix = "keep one row per user, item and time"
    refuse_repeats(table, (USER, ITEM, TIME), key, pd.factorize(times)[0], fix=fix)
    order = np.lexsort((times, key))
    last = np.append(key[order][1:] != key[order][:-1], True)
    notes.append(
        f"{int(again.sum()):,} rows repeat a user and an item at another time; the latest of each pair is kept."
    )
    return np.sort(order[last])


def _key(table: RawTable | None, column: str) -> _Coded | None:
    """The ids of a table of items or users: there, and each once."""
    if table is None:
        return None
    require(table, (column,))
    coded = _Coded(*id_column(table, column))
    refuse_repeats(table, (column,), coded.places, fix="keep one row per id")
    return coded


def _union(chosen: _Coded, listed: _Coded | None) -> Ids:
    return Ids(chosen.distinct if listed is None else np.concatenate([chosen.distinct, listed.distinct]))


def _kinds(source: Source) -> dict[str, Kind]:
    kinds = {column: _choice(source.items, column, kind, Kind) for column, kind in source.kinds.items()}
    _refuse_absent(source.items, kinds, "a content column of the items")
    return kinds


def _roles(source: Source) -> dict[str, Role]:
    roles = {column: _choice(source.users, column, role, Role) for column, role in source.roles.items()}
    _refuse_absent(source.users, roles, "an attribute of the users")
    _refuse_second_door(source.users, roles)
    return roles


def _choice(table: RawTable | None, column: str, value: str, choices: type[_Choice]) -> _Choice:
    known = [choice.value for choice in choices]
    if value in known:
        return choices(value)
    close = get_close_matches(str(value), known, n=1, cutoff=0.5)
    fix = f"use '{close[0]}'" if close else f"use one of: {', '.join(known)}"
    what = choices.__name__.lower()
    raise BadInput(f"this {what} is not known", file=_file(table), column=column, value=value, fix=fix)


def _refuse_absent(table: RawTable | None, declared: dict[str, Kind] | dict[str, Role], what: str) -> None:
    there = [] if table is None else [str(name) for name in table.frame.columns]
    for column in declared:
        if column not in there:
            problem = (
                f"this is declared as {what} but there is no such column; there are: {', '.join(there[:12]) or 'none'}"
            )
            raise BadInput(problem, file=_file(table), column=column, fix="correct the name in dataset.toml")


def _refuse_second_door(table: RawTable | None, roles: dict[str, Role]) -> None:
    """A feature that repeats a sensitive column value for value would carry it to the models."""
    if table is None:
        return
    read = {column: texts(table.frame[column]) for column, role in roles.items() if role is not Role.SEGMENT}
    for feature in (column for column in read if roles[column] is Role.FEATURE):
        for column in (column for column in read if roles[column] is Role.SENSITIVE):
            if read[column].nunique() > 1 and read[feature].equals(read[column].rename(feature)):
                raise BadInput(
                    f"this feature holds the same values as the sensitive column '{column}'",
                    file=table.file,
                    column=feature,
                    fix=f"remove '{feature}', or give it the role sensitive",
                )


def _file(table: RawTable | None) -> str:
    return "dataset.toml" if table is None else table.file


def _dropped(table: RawTable, used: tuple[str, ...] | list[str]) -> list[str]:
    left = [str(column) for column in table.frame.columns if column not in used]
    file = Path(table.file).name
    return [f"{file}: not imported, as nothing says what they are: {', '.join(left)}."] if left else []


def _content(
    table: RawTable | None, rows: _Coded | None, items: Ids, kinds: dict[str, Kind], notes: list[str]
) -> pd.DataFrame:
    """The items table in vocabulary order: title, provider and the declared content columns."""
    if table is None or rows is None:
        return _bare(items, ITEM)
    declared = [column for column in kinds if column not in (TITLE, PROVIDER)]
    used = [column for column in (TITLE, PROVIDER) if column in table.frame] + declared
    notes += _dropped(table, [ITEM, *used])
    content = {column: _typed(table, column, kinds.get(column, Kind.TEXT)) for column in used}
    return _aligned(content, rows, items, ITEM)


def _typed(table: RawTable, column: str, kind: Kind) -> pd.Series:
    if kind is Kind.NUMBER:
        return pd.Series(numbers(table, column, optional=True))
    return dates(table, column) if kind is Kind.DATE else texts(table.frame[column])


def _attributes(
    table: RawTable | None, rows: _Coded | None, users: Ids, roles: dict[str, Role], notes: list[str]
) -> pd.DataFrame:
    if table is None or rows is None:
        return _bare(users, USER)
    notes += _dropped(table, [USER, *roles])
    return _aligned({column: texts(table.frame[column]) for column in roles}, rows, users, USER)


def _aligned(columns: dict[str, pd.Series], rows: _Coded, ids: Ids, name: str) -> pd.DataFrame:
    """The columns with a row for every id of the vocabulary, missing where the table has none."""
    if not columns:
        return _bare(ids, name)
    frame = pd.DataFrame({column: series.array for column, series in columns.items()}, index=rows.codes(ids))
    return frame.reindex(np.arange(len(ids))).set_axis(_index(ids, name))


def _bare(ids: Ids, name: str) -> pd.DataFrame:
    return pd.DataFrame(index=_index(ids, name), columns=pd.Index([], dtype="str"))


def _index(ids: Ids, name: str) -> pd.Index:
    return pd.Index(ids.values, dtype="str", name=name)


def _unlisted(chosen: _Coded, listed: _Coded | None) -> int:
    """How many ids of the interactions the table of their own does not have."""
    return 0 if listed is None else len(set(chosen.distinct) - set(listed.distinct))


def _limits(data: Interactions, unlisted_items: int, unlisted_users: int) -> list[str]:
    """What cannot be done with this data, in words."""
    unchosen = int((np.bincount(data.item, minlength=len(data.items)) == 0).sum())
    items = f"{unlisted_items:,} items of the interactions are not in the items table; their content is unknown."
    users = f"{unlisted_users:,} users of the interactions are not in the users table; their attributes are unknown."
    told = {
        "There are no values, so every interaction counts as 1.": data.value is None,
        "There are no timestamps, so data cannot be split by time.": data.timestamp is None,
        "There is one user, so groups cannot be compared.": len(data.users) == 1,
        "There is one item, so nothing can be ranked.": len(data.items) == 1,
        items: unlisted_items,
        users: unlisted_users,
        f"{unchosen:,} items have no interactions; they are kept.": unchosen,
    }
    return [sentence for sentence, applies in told.items() if applies]
