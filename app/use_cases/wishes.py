"""A person's wishes about categories, providers and kinds of data, as what they mean for the titles of a model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.workspace import Catalogue, Workspace
from data.columns import PROVIDER, Kind
from data.errors import BadInput, NotFound
from data.keep.choices import Choice, Effect, Rule
from models.base import Recommender
from models.histories import Profiles
from models.serving import Boost

DATA = "data"  # the kind of a rule that is about a kind of data
RATINGS = "ratings"
_MOST = 0.5  # of the way from a person's middle score to their best one: what a liked category can add


@dataclass(frozen=True, eq=False)
class Wishes:
    """What the rules of a person cover, as item codes of a model; `ratings` tells whether these may be used."""

    unused: np.ndarray
    less: np.ndarray
    hidden: np.ndarray
    ratings: bool


def wishes_of(workspace: Workspace, data: str, model: Recommender, choice: Choice) -> Wishes:
    """The rules of a person, and their single titles, on the items of a model."""
    about_titles = [rule for rule in choice.rules if rule.kind != DATA]

    def codes(single: Iterable[str], effect: Effect) -> np.ndarray:
        meant = (rule for rule in about_titles if rule.effect is effect)
        names = {*single, *(name for rule in meant for name in covered(workspace.catalogue(data), rule))}
        found = model.training.items.codes(sorted(names))
        return np.unique(found[found >= 0])  # a data set that was replaced may have lost one

    return Wishes(
        codes(choice.excluded, Effect.UNUSED),
        codes(choice.less, Effect.LESS),
        codes(choice.hidden, Effect.HIDDEN),
        Rule(Effect.UNUSED, DATA, RATINGS) not in choice.rules,
    )


def covered(catalogue: Catalogue, rule: Rule) -> list[str]:
    """Ids of the titles that a rule is about; none where the data set knows its category no longer."""
    if rule.kind not in catalogue.items:
        return []
    values = _values(catalogue, rule.kind)
    return [str(name) for name in values.index[values == rule.value].unique()]


def _values(catalogue: Catalogue, kind: str) -> pd.Series:
    """What a column says of each title, a row a title and value."""
    text = catalogue.items[kind].dropna().astype(str)
    parts = text.str.split("|").explode() if catalogue.kinds.get(kind) is Kind.MULTI else text
    return parts.str.strip()


def choosable(catalogue: Catalogue) -> dict[str, list[str]]:
    """What a rule can be about: each category column, and the provider, with its values from the most titles on."""
    columns = [name for name, kind in catalogue.kinds.items() if kind in (Kind.CATEGORY, Kind.MULTI)]
    if PROVIDER in catalogue.items and PROVIDER not in columns:
        columns.append(PROVIDER)
    found = {}
    for name in columns:
        counts = _values(catalogue, name).value_counts()
        found[name] = [str(value) for value in counts.index if value]
    return {name: values for name, values in found.items() if values}


def check_rule(catalogue: Catalogue, rule: Rule) -> None:
    """Refuse a rule about something that the data set does not have."""
    if rule.kind == DATA:
        if rule.value != RATINGS:
            raise NotFound("kind of data that a rule can be about", rule.value, [RATINGS])
        if rule.effect is not Effect.UNUSED:
            raise BadInput("a kind of data is used or not used", value=str(rule.effect), fix="choose 'unused'")
        return
    known = choosable(catalogue)
    if rule.kind not in known:
        raise NotFound("category column", rule.kind, [*known, DATA])
    if rule.value not in known[rule.kind]:
        what = rule.kind if rule.kind == PROVIDER else f"category of {rule.kind}"
        raise NotFound(what, rule.value, known[rule.kind][:5])


def liked(workspace: Workspace, data: str, model: Recommender, one: Profiles, choice: Choice) -> tuple[Boost, ...]:
    """What the categories that a person likes add: the more people chose a title of them, the more.

    amount x log2(1 + people who chose it) / log2(1 + people who chose the most chosen one). The amount is half of the way
    from the person's middle score to their best one, and 1 where the model knows nothing to score by.
    """
    rules = sorted(rule for rule in choice.rules if rule.effect is Effect.LIKED)
    if not rules:
        return ()
    catalogue = workspace.catalogue(data)
    known = np.log2(1.0 + model.item_counts)
    weight = _amount(model.scores(one)[0]) * known / max(float(known.max()), 1.0)
    return tuple(_boost(model, catalogue, rule, weight) for rule in rules)


def _boost(model: Recommender, catalogue: Catalogue, rule: Rule, weight: np.ndarray) -> Boost:
    values, codes = np.zeros(len(weight)), model.training.items.codes(covered(catalogue, rule))
    codes = codes[codes >= 0]
    values[codes] = weight[codes]
    return Boost(f"liked:{rule.kind}:{rule.value}", f"well known in “{rule.value}”, which you like", values, own=True)


def _amount(scores: np.ndarray) -> float:
    spread = float(np.nanmax(scores, initial=-np.inf) - np.nanmedian(scores)) if np.isfinite(scores).any() else 0.0
    return _MOST * spread if spread > 0 else 1.0


def items_with(catalogue: Catalogue, rules: Iterable[Rule]) -> pd.DataFrame:
    """The rows of the items table that any of the rules is about."""
    names = {name for rule in rules for name in covered(catalogue, rule)}
    return catalogue.items[catalogue.items.index.astype(str).isin(names)]
