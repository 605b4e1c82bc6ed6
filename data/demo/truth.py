"""The answer sheet of the demo world: everything that is planted with its true size, and what is planted null."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from data.columns import ITEM, USER
from data.demo import exact
from data.demo.catalogue import PROVIDERS
from data.demo.people import AGE_GROUPS
from data.demo.planted import BETTER, DEVICES, GENDER_SHARES, GENDERS, NEITHER, PLANTED, WORSE, Planted
from data.demo.tables import ids
from data.demo.words import EQUAL_PAIR, PEER, STARVED
from data.demo.world import World, make_world

_BASE = GENDERS.index(BETTER)


@dataclass(frozen=True)
class QualityGap:
    """One gender's choices follow its tastes less, so that every recommender serves it worse.

    `noise`: planted chance, by gender, that a choice has nothing to do with the tastes. `own_taste`: chance, by gender,
    that one draw is a title at home in the person's strongest taste. `ceiling`: chance, by gender, that one draw is
    among the ten titles likeliest for the person; no recommender can do better. `difference` and
    `ceiling_difference`: worse minus better, so negative. `effect` and `ceiling_effect`: the same for the worse group
    alone, with its noise minus with the noise of the better group; 0 where nothing is planted. `noise_by_device`: what the
    gap leaves on the devices, which follow gender.
    """

    attribute: str
    worse: str
    better: str
    noise: dict[str, float]
    own_taste: dict[str, float]
    difference: float
    effect: float
    ceiling: dict[str, float]
    ceiling_difference: float
    ceiling_effect: float
    noise_by_device: dict[str, float]


@dataclass(frozen=True)
class StarvedProvider:
    """A provider whose titles are as good and as well known as those of its peer, and are shown less.

    `multiplier`: chance to be drawn, relative to the twin title of the peer. `choice_ratio`: choices of its titles
    divided by choices of the peer's, to be expected over the whole log; nearer to 1, because nobody chooses a title
    twice. `share`: of one draw of everybody; `merit_share`: the same were it shown as often as others.
    """

    provider: str
    peer: str
    multiplier: float
    n_items: int
    choice_ratio: float
    share: float
    merit_share: float


@dataclass(frozen=True)
class Proxy:
    """A column that tells gender: `auc` of the best guess between the two genders, 0.5 when it tells nothing."""

    column: str
    attribute: str
    groups: tuple[str, str]
    auc: float
    chances: dict[str, dict[str, float]]  # by gender: chance of each value of the column


@dataclass(frozen=True)
class Missing:
    """Who did not give an attribute: chance by the true group, and the share of `group` in truth and among the given."""

    attribute: str
    rate: dict[str, float]
    overall: float
    group: str
    true_share: float
    share_among_given: float


@dataclass(frozen=True)
class FameFollowing:
    """Most people follow fame and niche lovers hardly do: their share, and what one draw of each is.

    `hit_share`: chance that one draw is among the best known tenth of the titles; `share` is the planted chance of
    being a niche lover, `share_drawn` the share among these people.
    """

    share: float
    share_drawn: float
    hit_share: dict[str, float]


@dataclass(frozen=True)
class Nulls:
    """Where nothing is planted: attributes without any effect, and two providers shown alike at equal quality."""

    attributes: tuple[str, ...]
    providers: tuple[str, str]
    choice_ratio: float


@dataclass(frozen=True, eq=False)
class DemoTruth:
    """Everything planted in the world of one seed.

    `people` (index user_id): gender and age_group as they are, niche, noise, strongest taste, own_taste, ceiling.
    `items` (index item_id): taste it is at home in, quality, fame, shown, is_new, is_hit, twin, expected_choices.
    """

    seed: int
    quality_gap: QualityGap
    provider: StarvedProvider
    proxy: Proxy
    missing: Missing
    fame: FameFollowing
    nulls: Nulls
    people: pd.DataFrame
    items: pd.DataFrame


def truth(*, seed: int = 20, n_users: int = 2000, n_items: int = 1200, planted: Planted = PLANTED) -> DemoTruth:
    """What is true in the world of `demo_source` (or, with `planted=NOTHING`, of `null_source`) of the same sizes."""
    world = make_world(seed, n_users, n_items, planted)
    people, items = _people(world), _items(world)
    return DemoTruth(
        seed=seed,
        quality_gap=_quality_gap(world, people),
        provider=_starved(world, items),
        proxy=_proxy(planted),
        missing=_missing(planted),
        fame=_fame(world),
        nulls=Nulls(NEITHER, EQUAL_PAIR, _choice_ratio(items, *EQUAL_PAIR)),
        people=people,
        items=items,
    )


def _people(world: World) -> pd.DataFrame:
    people, catalogue = world.people, world.catalogue
    return pd.DataFrame(
        {
            "gender": np.array(GENDERS, dtype=object)[people.gender],
            "age_group": np.array(AGE_GROUPS, dtype=object)[people.age_group],
            "niche": people.niche,
            "noise": people.noise,
            "taste": people.tastes.argmax(axis=1),
            "own_taste": exact.own_taste(people, catalogue, people.noise),
            "ceiling": exact.ceiling(people, catalogue, people.noise),
        },
        index=pd.Index(ids("u", len(people.gender)), name=USER),
    )


def _items(world: World) -> pd.DataFrame:
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
            "expected_choices": exact.expected_choices(world.people, catalogue),
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


def _fame(world: World) -> FameFollowing:
    people = world.people
    share = exact.hit_share(people, world.catalogue)
    kinds = {"blockbuster": ~people.niche, "niche": people.niche}
    return FameFollowing(
        share=world.planted.niche_share,
        share_drawn=float(people.niche.mean()),
        hit_share={name: float(share[mask].mean()) if mask.any() else float("nan") for name, mask in kinds.items()},
    )
