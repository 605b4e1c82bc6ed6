"""What an audit is about: the lists of a model's twin or of anybody, with the truth that they are judged by."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from app.use_cases.boosting import boosts_for, boosts_line
from app.use_cases.consenting import attributes_withheld, records_withheld
from app.use_cases.counting import IMPORTED, known_pairs
from app.use_cases.evaluating import SPLIT_SEED, everybody, held_out
from app.use_cases.tagging import switched_off
from app.workspace import Workspace
from audit.measured import AuditTables
from audit.overlap import Overlap
from data.columns import ITEM, RANK, TIME, USER, Role, Table
from data.errors import BadInput
from data.foreign import outcomes as check_outcomes
from data.foreign import recommendations as check_recommendations
from data.keep.events import Kind
from data.load.folder import read_known
from data.tables import Dataset
from models.base import Recommender
from models.histories import Training
from models.people import without_people
from models.registry import create, reseeded
from models.serving import Boost, non_profiled

FEWEST = 10  # people; fewer are not counted out
ALONE = "a value of one person"
PURPOSE = "audit of group outcomes"
PROFILED, NON_PROFILED = "profiled", "non-profiled"


@dataclass(frozen=True, eq=False)
class Twin:
    """A model's twin for judging: the same kind and settings, fitted without the held-out choices.

    `boosts` are those that the operator set for the lists of the model; the protocol says so where there are any.
    """

    model: Recommender
    outcomes: pd.DataFrame
    protocol: str
    split: str
    boosts: tuple[Boost, ...] = ()


@dataclass(frozen=True, eq=False)
class Jobs:
    """Kinds of list by their label, the first the one that is asked about; all judged by the same truth."""

    tables: dict[str, AuditTables]
    protocol: str
    twin: Recommender | None = None  # the model that was judged; none for imported lists
    gone: frozenset[str] = frozenset()  # people who must be left out of lists that are set beside these
    split: str | None = None  # how the truth was held out; None: it came with the lists


def twin(workspace: Workspace, model_id: str, seed: int = SPLIT_SEED) -> Twin:
    """The twin of a stored model on the standing split of its data set.

    With another `seed` the split is another one, and so are the model's own draws, where it makes any.
    """
    about = workspace.shelf.about(model_id)
    dataset = audited(workspace, about["data"])
    part, outcomes, split = held_out(dataset, seed)
    out = workspace.choices.not_learned(about["data"])
    settings = reseeded(about["model"], about["settings"], seed - SPLIT_SEED)
    fitted = create(about["model"], **settings).fit(without_people(Training.of(dataset, part), out))
    left = outcomes[outcomes[USER].isin(fitted.training.users.values)] if out else outcomes
    boosts = boosts_for(workspace, model_id, fitted)
    told = f"the same model and settings, fitted without the truth; {split}{boosts_line(boosts)}{_out_line(out)}"
    return Twin(fitted, left, told, split, boosts)


def audited(workspace: Workspace, data: str) -> Dataset:
    """The data set as audits may use it."""
    return workspace.catalog.open(data, not_audited(workspace, data))


def not_audited(workspace: Workspace, data: str) -> frozenset[str]:
    """Who is in no audit: people who had their records restricted, or do not want them in audits."""
    return frozenset(workspace.choices.restricted(data) | records_withheld(workspace, data))


def _out_line(out: Collection[str]) -> str:
    """What a protocol says of the people whom no model learns from, never of fewer than `FEWEST`."""
    if not out:
        return ""
    number = str(len(out)) if len(out) >= FEWEST else f"fewer than {FEWEST}"
    return f"; {number} people whom no model may learn from are left out"


def our_lists(workspace: Workspace, dataset: Dataset, model_id: str, k: int) -> Jobs:
    """The lists of a model and, always, those that use no profile."""
    check_model(workspace, dataset.name, model_id)
    judged = twin(workspace, model_id)
    known = with_times(known_choices(judged.model), dataset)
    lists = {
        PROFILED: (everybody(judged.model, k, judged.boosts), embeddings(judged.model)),
        NON_PROFILED: (the_same_for_all(judged.model, judged.model.training.users.values, k), None),
    }
    groups = groups_of(workspace, dataset)
    untold = switched_off(workspace, dataset.name)
    tables = {
        label: tables_of(dataset, groups, shown, judged.outcomes, known, numbers, untold)
        for label, (shown, numbers) in lists.items()
    }
    return Jobs(tables, judged.protocol, judged.model, split=judged.split)


def the_same_for_all(model: Recommender, users: np.ndarray, k: int) -> pd.DataFrame:
    """The list without a profile as each of the people is shown it: user_id, item_id, rank."""
    shown = model.training.items.values[non_profiled(model.item_counts, k)]
    rank = np.arange(1, len(shown) + 1)
    columns = {USER: np.repeat(users, len(shown)), ITEM: np.tile(shown, len(users)), RANK: np.tile(rank, len(users))}
    return pd.DataFrame(columns)


def foreign_lists(workspace: Workspace, dataset: Dataset, lists: Path, truth: Path) -> Jobs:
    """The lists of any system, with their truth; every other choice of the data set counts as known."""
    gone = not_audited(workspace, dataset.name)
    recommended = without_people_of(check_recommendations(read_known(lists, Table.RECOMMENDATIONS)), gone)
    outcomes = without_people_of(check_outcomes(read_known(truth, Table.OUTCOMES)), gone)
    Overlap.of(recommended, outcomes, dataset.items.index).refuse_nothing(lists.name, truth.name)
    known = with_times(known_pairs(dataset, outcomes), dataset)
    told = f"lists of {lists.name}, truth of {truth.name}; all other choices of '{dataset.name}' count as known"
    untold = switched_off(workspace, dataset.name)
    tables = tables_of(dataset, groups_of(workspace, dataset), recommended, outcomes, known, untold=untold)
    return Jobs({IMPORTED: tables}, told, gone=gone)


def without_people_of(table: pd.DataFrame, people: frozenset[str]) -> pd.DataFrame:
    """The rows of everybody else."""
    return table[~table[USER].isin(people)].reset_index(drop=True) if people else table


def check_model(workspace: Workspace, data: str, model_id: str) -> None:
    """Refuse a model that was trained on another data set."""
    trained_on = workspace.shelf.about(model_id)["data"]
    if trained_on != data:
        raise BadInput(f"the model was trained on '{trained_on}'", value=data, fix=f"give --data {trained_on}")


def groups_of(workspace: Workspace, dataset: Dataset) -> dict[str, pd.Series]:
    """Every attribute that groups people; the sensitive ones through their logged door, with the purpose."""
    open_ones = {
        name: dataset.users[name] for name in dataset.attributes(Role.SEGMENT, Role.FEATURE) if name in dataset.users
    }
    door = workspace.catalog.sensitive(
        dataset.name,
        lambda read: _record(workspace, dataset.name, read),
    )
    here = dataset.users.index
    every = {**{name: door.read(name, PURPOSE).reindex(here) for name in door.names()}, **open_ones}
    withheld = here.isin(attributes_withheld(workspace, dataset.name))  # as if they were not known
    told = {name: values.mask(withheld) for name, values in every.items()} if withheld.any() else every
    return {name: _nameless(values) for name, values in told.items()}


def _nameless(values: pd.Series) -> pd.Series:
    """The values, those that one person alone has as one: written into an audit they would outlive an erasure."""
    people = values.map(values.value_counts())
    return values.mask(people == 1, ALONE) if (people == 1).any() else values


def known_choices(model: Recommender) -> pd.DataFrame:
    """The choices that a model was fitted on: user_id, item_id."""
    training = model.training
    rows, columns = training.matrix.nonzero()
    return pd.DataFrame({USER: training.users.values[rows], ITEM: training.items.values[columns]})


def with_times(known: pd.DataFrame, dataset: Dataset) -> pd.DataFrame:
    """The choices with the time of each, where the data set has times: they tell how new an item is, and a person."""
    if dataset.interactions.timestamp is None:
        return known
    times = dataset.interactions.frame()[[USER, ITEM, TIME]]
    return known.merge(times.groupby([USER, ITEM], as_index=False, sort=False)[TIME].min(), how="left", on=[USER, ITEM])


def embeddings(model: Recommender) -> pd.DataFrame | None:
    """The numbers that a model keeps about each person, index user_id; None where it keeps none."""
    numbers = model.person_numbers()
    return None if numbers is None else pd.DataFrame(numbers, index=pd.Index(model.training.users.values, dtype=object))


def tables_of(
    dataset: Dataset,
    groups: dict[str, pd.Series],
    lists: pd.DataFrame,
    outcomes: pd.DataFrame,
    known: pd.DataFrame,
    numbers: pd.DataFrame | None = None,
    untold: Mapping[str, frozenset[str]] | None = None,
) -> AuditTables:
    """The tables of an audit; columns that a model may read are looked at as inputs, too."""
    inputs = {name: column for name, column in groups.items() if dataset.roles.get(name) != Role.SENSITIVE}
    content = (dataset.items, dataset.kinds, groups, len(dataset.users))
    return AuditTables(lists, outcomes, known, *content, inputs=inputs, embeddings=numbers, untold=untold or {})


def _record(workspace: Workspace, data: str, read: dict[str, Any]) -> None:
    workspace.log.append(Kind.SENSITIVE_READ, "reviewer", {"data": data, **read})
