"""People of the demo world: who they are, what they gave away about themselves, and what they like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.demo.catalogue import N_TASTES
from data.demo.draws import Stream, generator, pick, pick_one
from data.demo.planted import GENDER_SHARES, Planted

AGE_GROUPS = ("18-24", "25-34", "35-44", "45-54", "55-64", "65+")
REGIONS = ("north", "south", "east", "west", "coast", "islands")
PLANS = ("free", "standard", "family", "premium")
STAR_SIGNS = (
    *("aries", "taurus", "gemini", "cancer", "leo", "virgo"),
    *("libra", "scorpio", "sagittarius", "capricorn", "aquarius", "pisces"),
)
_AGE_SHARES = (0.16, 0.26, 0.21, 0.16, 0.12, 0.09)
_REGION_SHARES = (0.22, 0.20, 0.18, 0.17, 0.15, 0.08)
_PLAN_SHARES = (0.28, 0.36, 0.22, 0.14)
_BREADTH = 0.05  # Dirichlet parameter of tastes: the smaller, the fewer tastes a person has
_DRIFT = 0.4  # chance at the end of the two years that a choice comes from the person's later tastes
LEAST, MEDIAN, MOST = 8, 36, 400  # choices a person


@dataclass(frozen=True, eq=False)
class People:
    """Parallel arrays, one entry a person; codes into the tuples of this module."""

    gender: np.ndarray  # codes into GENDERS, also of those who did not give it
    age_group: np.ndarray
    gender_given: np.ndarray
    age_given: np.ndarray
    region: np.ndarray
    plan: np.ndarray
    device: np.ndarray
    star_sign: np.ndarray
    niche: np.ndarray  # whether choices ignore fame
    noise: np.ndarray  # chance that a choice has nothing to do with the tastes
    early: np.ndarray  # people x tastes, rows sum to 1
    late: np.ndarray
    activity: np.ndarray  # how many choices
    generosity: np.ndarray  # points added to every value the person gives
    start: np.ndarray  # part of the two years at which the person came, and the one at which the person left
    stop: np.ndarray

    @property
    def tastes(self) -> np.ndarray:
        """People x tastes, rows sum to 1: what a choice without noise comes from, over the whole time."""
        return (1 - _DRIFT / 2) * self.early + _DRIFT / 2 * self.late

    @staticmethod
    def drift(moment: np.ndarray) -> np.ndarray:
        """Chance that a choice at this part (0 to 1) of a person's time comes from the later tastes."""
        return _DRIFT * moment


def make_people(seed: int, n_users: int, n_items: int, planted: Planted) -> People:
    """People whose attributes, tastes and activity are drawn apart from each other, but for what is planted."""
    rng = generator(seed, Stream.PEOPLE)
    gender = pick_one(GENDER_SHARES, rng.random(n_users))
    most = min(MOST, n_items // 3)
    start = np.where(rng.random(n_users) < 0.4, rng.uniform(0, 0.08, n_users), rng.uniform(0, 0.8, n_users))
    return People(
        gender=gender,
        age_group=pick_one(_AGE_SHARES, rng.random(n_users)),
        gender_given=rng.random(n_users) >= np.asarray(planted.gender_missing)[gender],
        age_given=rng.random(n_users) >= planted.age_missing,
        region=pick_one(_REGION_SHARES, rng.random(n_users)),
        plan=pick_one(_PLAN_SHARES, rng.random(n_users)),
        device=pick(np.asarray(planted.device), gender, rng.random(n_users)),
        star_sign=rng.integers(len(STAR_SIGNS), size=n_users),
        niche=rng.random(n_users) < planted.niche_share,
        noise=np.asarray(planted.noise)[gender],
        early=_tastes(rng, n_users),
        late=_tastes(rng, n_users),
        activity=np.clip(np.round(MEDIAN * np.exp(rng.normal(0, 0.7, n_users))), LEAST, most).astype(np.int64),
        generosity=rng.normal(0, 0.3, n_users),
        start=start,
        stop=start + (1 - start) * np.sqrt(rng.uniform(0.25, 1.0, n_users)),
    )


def _tastes(rng: np.random.Generator, n_users: int) -> np.ndarray:
    weights = rng.standard_gamma(_BREADTH, (n_users, N_TASTES)) + 1e-12
    return weights / weights.sum(axis=1, keepdims=True)
