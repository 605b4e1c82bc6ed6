"""The answer sheet of the demo world: everything that is planted with its true size, and what is planted null."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from data.columns import ITEM, USER
from data.demo import exact
from data.demo.answers import DemoTruth, FameFollowing, Missing, Nulls, Proxy, QualityGap, StarvedProvider
from data.demo.catalogue import PROVIDERS
from data.demo.people import AGE_GROUPS
from data.demo.planted import BETTER, DEVICES, GENDER_SHARES, GENDERS, NEITHER, PLANTED, WORSE, Planted
from data.demo.tables import ids
from data.demo.words import EQUAL_PAIR, PEER, STARVED
from data.demo.world import World, make_world

_BASE = GENDERS.index(BETTER)


def truth(*, seed: int = 20, n_users: int = 2000, n_items: int = 1200, planted: Planted = PLANTED) -> DemoTruth:
    """What is true in the world of `demo_source` (or, with `planted=NOTHING`, of `null_source`) of the same sizes."""
    world = make_world(seed, n_users, n_items, planted)
    log = exact.expected_log(world.people, world.catalogue)
    people, items = _people(world, log), _items(world, log)
    return DemoTruth(
        seed=seed,
        quality_gap=_quality_gap(world, people),
        provider=_starved(world, items),
        proxy=_proxy(planted),
        missing=_missing(planted),
        fame=_fame(world, log),
        nulls=Nulls(NEITHER, EQUAL_PAIR, _choice_ratio(items, *EQUAL_PAIR)),
        people=people,
        items=items,
    )


def _people(world: World, log: exact.Log) -> pd.DataFrame:
    people, catalogue = world.people, world.catalogue
    return pd.DataFrame(
        {
            "gender": np.array(GENDERS, dtype=object)[people.gender],
            "age_group": np.array(AGE_GROUPS, dtype=object)[people.age_group],
            "niche": people.niche,
            "noise": people.noise,
            "taste": people.tastes.argmax(axis=1),
            "own_taste": exact.own_taste(people, catalogue, people.noise),
            "own_taste_in_log": log.own_taste,
            "ceiling": exact.ceiling(people, catalogue, people.noise),
        },
        index=pd.Index(ids("u", len(people.gender)), name=USER),
    )


def _items(world: World, log: exact.Log) -> pd.DataFrame:
    catalogue = world.catalogue
    names = ids("i", len(catalogue.genre))
    return pd.DataFrame(
        {
            "provider": np.array(PROVIDERS, dtype=object)[catalogue.provider],
            "taste": catalogue.taste,
            "quality": catalogue.quality,
            "fame": catalogue.fame,
            "shown": catalogue.shown,
            "is_new": catalogue.is_new,
            "is_hit": exact.hits(catalogue),
            "twin": np.where(catalogue.twin >= 0, names[catalogue.twin], None),
            "expected_choices": log.choices,
        },
        index=pd.Index(names, name=ITEM),
    )


def _quality_gap(world: World, frame: pd.DataFrame) -> QualityGap:
    people, catalogue, planted = world.people, world.catalogue, world.planted
    own, top = (_by_gender(frame, column) for column in ("own_taste", "ceiling"))
    level = np.full(len(frame), planted.noise[_BASE])
    mine = (frame["gender"] == WORSE).to_numpy()
    chance = np.asarray(planted.device) * np.asarray(GENDER_SHARES)[:, None]
    return QualityGap(
        attribute="gender",
        worse=WORSE,
        better=BETTER,
        noise=dict(zip(GENDERS, planted.noise, strict=True)),
        own_taste=own,
        difference=own[WORSE] - own[BETTER],
        effect=own[WORSE] - float(exact.own_taste(people, catalogue, level)[mine].mean()),
        in_log=_by_gender(frame, "own_taste_in_log"),
        ceiling=top,
        ceiling_difference=top[WORSE] - top[BETTER],
        ceiling_effect=top[WORSE] - float(exact.ceiling(people, catalogue, level)[mine].mean()),
        noise_by_device=dict(
            zip(DEVICES, (np.asarray(planted.noise) @ chance / chance.sum(axis=0)).tolist(), strict=True)
        ),
    )


def _by_gender(frame: pd.DataFrame, column: str) -> dict[str, float]:
    return {name: float(frame.loc[frame["gender"] == name, column].mean()) for name in GENDERS}


def _starved(world: World, items: pd.DataFrame) -> StarvedProvider:
    mine = (items["provider"] == STARVED).to_numpy()
    share = float(exact.title_share(world.people, world.catalogue, world.people.noise)[mine].sum())
    equal = replace(world.catalogue, shown=np.ones_like(world.catalogue.shown))
    return StarvedProvider(
        provider=STARVED,
        peer=PEER,
        multiplier=world.planted.multiplier,
        n_items=int(mine.sum()),
        choice_ratio=_choice_ratio(items, STARVED, PEER),
        share=share,
        merit_share=float(exact.title_share(world.people, equal, world.people.noise)[mine].sum()),
    )


def _choice_ratio(items: pd.DataFrame, first: str, second: str) -> float:
    total = items.groupby("provider")["expected_choices"].sum()
    return float(total[first] / total[second])


def _proxy(planted: Planted) -> Proxy:
    by_gender = dict(zip(GENDERS, planted.device, strict=True))
    return Proxy(
        column="device",
        attribute="gender",
        groups=(WORSE, BETTER),
        auc=exact.auc(by_gender[WORSE], by_gender[BETTER]),
        chances={name: dict(zip(DEVICES, chances, strict=True)) for name, chances in by_gender.items()},
    )


def _missing(planted: Planted) -> Missing:
    share, rate = np.asarray(GENDER_SHARES), np.asarray(planted.gender_missing)
    given, place = share * (1 - rate), GENDERS.index(WORSE)
    return Missing(
        attribute="gender",
        rate=dict(zip(GENDERS, planted.gender_missing, strict=True)),
        overall=float(share @ rate),
        group=WORSE,
        true_share=GENDER_SHARES[place],
        share_among_given=float(given[place] / given.sum()),
    )


def _fame(world: World, log: exact.Log) -> FameFollowing:
    people = world.people
    share = exact.hit_share(people, world.catalogue)
    return FameFollowing(
        share=world.planted.niche_share,
        share_drawn=float(people.niche.mean()),
        hit_share=_by_kind(people.niche, share),
        in_log=_by_kind(people.niche, log.hits),
    )


def _by_kind(niche: np.ndarray, values: np.ndarray) -> dict[str, float]:
    """Means of people who follow fame and of niche lovers; NaN for a kind that nobody is."""
    kinds = {"blockbuster": ~niche, "niche": niche}
    return {name: float(values[mask].mean()) if mask.any() else float("nan") for name, mask in kinds.items()}
