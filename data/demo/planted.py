"""What is planted in the demo world, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass

GENDERS = ("woman", "man", "nonbinary")
GENDER_SHARES = (0.46, 0.50, 0.04)
WORSE, BETTER = GENDERS[0], GENDERS[1]
DEVICES = ("phone", "tablet", "laptop", "television", "console")
_WOMAN = (0.51, 0.22, 0.12, 0.11, 0.04)
_MAN = (0.18, 0.11, 0.21, 0.24, 0.26)
_BOTH = (0.34, 0.16, 0.17, 0.18, 0.15)
NEITHER = ("region", "star_sign", "age_group", "plan")  # attributes without any effect


@dataclass(frozen=True)
class Planted:
    """The sizes of everything that is planted; tuples by gender are in the order of `GENDERS`.

    `noise`: chance that a choice has nothing to do with the person's tastes. `multiplier`: how often titles of the
    starved provider are shown, relative to titles that are liked as much (1: as often). `device`: chance of each
    device. `gender_missing`, `age_missing`: chance that the attribute was not given. `niche_share`: share of people
    whose choices hardly follow how well known a title is.
    """

    noise: tuple[float, float, float] = (0.40, 0.10, 0.10)
    multiplier: float = 0.35
    device: tuple[tuple[float, ...], ...] = (_WOMAN, _MAN, _BOTH)
    gender_missing: tuple[float, float, float] = (0.12, 0.04, 0.08)
    age_missing: float = 0.05
    niche_share: float = 0.30


PLANTED = Planted()
NOTHING = Planted(
    noise=(0.10, 0.10, 0.10),
    multiplier=1.0,
    device=(_BOTH, _BOTH, _BOTH),
    gender_missing=(0.08, 0.08, 0.08),
    niche_share=0.0,
)
