"""Who chose what in the demo world, when, and how they liked it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.demo.catalogue import N_TASTES, Catalogue, belonging
from data.demo.draws import Stream, generator, pick
from data.demo.people import People

BEGIN = 1_688_169_600  # 1 July 2023, 00:00 UTC
LENGTH = 2 * 365 * 86_400  # two years, in seconds
NOISE_ROW = 2 * N_TASTES
_FOLLOWED, _NICHE, _NOISE = 1.0, 0.3, 0.2  # powers of fame: of most people, of niche lovers, of noise
_SPARE = 1.15  # draws a choice that are spread over a person's time; the rest meet titles chosen before
_CENTRE, _LIKED, _STRAYED, _MOOD_OF_THE_DAY = 3.55, 0.30, -0.35, 0.65


@dataclass(frozen=True, eq=False)
class Choices:
    """Parallel arrays, one entry a choice, sorted by person and then by time."""

    user: np.ndarray
    item: np.ndarray
    value: np.ndarray  # 1 to 5
    timestamp: np.ndarray  # seconds since 1970


def chances(catalogue: Catalogue) -> np.ndarray:
    """Rows x titles, rows sum to 1: the chance of every title in one draw.

    Rows: each taste for people who follow fame, each taste for niche lovers, and last the noise, to which all tastes
    are equal. All are multiplied by how often a title is shown.
    """
    fits, fame = belonging(catalogue), catalogue.fame
    rows = np.vstack([fits * fame**_FOLLOWED, fits * fame**_NICHE, fame[None, :] ** _NOISE]) * catalogue.shown
    return rows / rows.sum(axis=1, keepdims=True)


def mixtures(people: People, noise: np.ndarray) -> np.ndarray:
    """People x rows of `chances`, rows sum to 1: what one draw of a person comes from, at this chance of noise."""
    followed, niche = people.tastes * ~people.niche[:, None], people.tastes * people.niche[:, None]
    return np.hstack([np.hstack([followed, niche]) * (1 - noise[:, None]), noise[:, None]])


def make_choices(seed: int, people: People, catalogue: Catalogue) -> Choices:
    """Each person draws titles one after another and passes over those chosen before or not there yet.

    A draw is noise with the person's chance of it; else it comes from one of the person's tastes, which drift. So the
    choices of a person are drawn without replacement with the chances of `chances`.
    """
    rng = generator(seed, Stream.CHOICES)
    tries = np.ceil(2.5 * people.activity).astype(np.int64) + 20
    user = np.repeat(np.arange(len(tries)), tries)
    moment = _moments(rng, user, tries, people)
    taste = _drawn_tastes(rng, user, moment, people)
    noisy = rng.random(len(user)) < people.noise[user]
    row = np.where(noisy, NOISE_ROW, taste + N_TASTES * people.niche[user])
    item = pick(chances(catalogue), row, rng.random(len(user)))
    time = people.start[user] + (people.stop - people.start)[user] * moment
    kept = _kept(user, item, time >= catalogue.added[item], people.activity)
    user, item = user[kept], item[kept]
    value = _values(rng, user, item, noisy[kept], people, catalogue)
    return Choices(user, item, value, (BEGIN + time[kept] * LENGTH).astype(np.int64))


def _moments(rng: np.random.Generator, user: np.ndarray, tries: np.ndarray, people: People) -> np.ndarray:
    """Part (0 to 1) of the person's time at each draw; they come in bursts, as evenings in front of a screen do."""
    waits = np.cumsum(rng.standard_gamma(0.35, len(user)) / 0.35)
    first = np.cumsum(tries) - tries
    moment = (waits - waits[first][user]) / (_SPARE * people.activity[user])
    beyond = moment > 1
    moment[beyond] = 1 - 0.02 * np.sort(rng.random(beyond.sum()))[::-1]
    return moment


def _drawn_tastes(rng: np.random.Generator, user: np.ndarray, moment: np.ndarray, people: People) -> np.ndarray:
    draw = rng.random(len(user))
    late = rng.random(len(user)) < people.drift(moment)
    return np.where(late, pick(people.late, user, draw), pick(people.early, user, draw))


def _kept(user: np.ndarray, item: np.ndarray, there: np.ndarray, activity: np.ndarray) -> np.ndarray:
    """Positions of the first draw of each pair, as many a person as the person's activity."""
    rows = np.flatnonzero(there)
    _, first = np.unique(user[rows] * (item.max() + 1) + item[rows], return_index=True)
    rows = rows[np.sort(first)]
    counts = np.bincount(user[rows], minlength=len(activity))
    place = np.arange(len(rows)) - (np.cumsum(counts) - counts)[user[rows]]
    return rows[place < activity[user[rows]]]


def _values(
    rng: np.random.Generator,
    user: np.ndarray,
    item: np.ndarray,
    noisy: np.ndarray,
    people: People,
    catalogue: Catalogue,
) -> np.ndarray:
    """1 to 5: the quality of the title, the person's generosity, whether it met a taste, and the mood of the day."""
    exact = _CENTRE + catalogue.quality[item] + people.generosity[user] + np.where(noisy, _STRAYED, _LIKED)
    return np.clip(np.rint(exact + rng.normal(0, _MOOD_OF_THE_DAY, len(user))), 1, 5).astype(np.int64)
