"""The shape of the answer sheet of the demo world."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class QualityGap:
    """One gender's choices follow its tastes less, so that every recommender serves it worse.

    `noise`: planted chance, by gender, that a choice has nothing to do with the tastes. `own_taste`: chance, by gender,
    that one draw is a title at home in the person's strongest taste. `ceiling`: chance, by gender, that one draw is
    among the ten titles likeliest for the person; no recommender can do better. `difference` and
    `ceiling_difference`: worse minus better, so negative. `effect` and `ceiling_effect`: the same for the worse group
    alone, with its noise minus with the noise of the better group; 0 where nothing is planted. `in_log`: share of the
    choices in the whole log that are at home in the strongest taste, by gender, to be expected; it is lower, because
    nobody chooses a title twice. `noise_by_device`: what the
    gap leaves on the devices, which follow gender.
    """

    attribute: str
    worse: str
    better: str
    noise: dict[str, float]
    own_taste: dict[str, float]
    difference: float
    effect: float
    in_log: dict[str, float]
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

    `hit_share`: chance that one draw is among the best known tenth of the titles, by kind of person, and `in_log` the
    share of such titles to be expected in the whole log; `share` is the planted chance of
    being a niche lover, `share_drawn` the share among these people.
    """

    share: float
    share_drawn: float
    hit_share: dict[str, float]
    in_log: dict[str, float]


@dataclass(frozen=True)
class Nulls:
    """Where nothing is planted: attributes without any effect, and two providers shown alike at equal quality."""

    attributes: tuple[str, ...]
    providers: tuple[str, str]
    choice_ratio: float


@dataclass(frozen=True, eq=False)
class DemoTruth:
    """Everything planted in the world of one seed.

    `people` (index user_id): gender and age_group as they are, niche, noise, strongest taste, own_taste,
    own_taste_in_log, ceiling.
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
