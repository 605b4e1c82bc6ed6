"""Titles of the demo world: what they are, how good and how well known, and how often they are shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.demo.draws import Stream, generator
from data.demo.planted import Planted
from data.demo.words import EQUAL_PAIR, GENRES, INDEPENDENTS, MOODS, PEER, STARVED, STUDIOS

PROVIDERS = (STARVED, PEER, *EQUAL_PAIR, INDEPENDENTS, *STUDIOS)
N_GENRES = len(GENRES)
N_TASTES = 2 * N_GENRES  # a taste is a genre in its light or its dark mood
NO_GENRE = -1
_DARK = np.array([tone == "dark" for tone, *_ in MOODS.values()])
_MATCHED_SHARE = 0.03  # of the catalogue, for each of the four matched providers
_NEW_SHARE = 0.06
_HOME, _OTHER_MOOD, _SECOND, _SECOND_OTHER_MOOD, _ELSEWHERE = 1.0, 0.12, 0.20, 0.024, 0.002


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Parallel arrays, one entry a title."""

    genre: np.ndarray  # codes into GENRES
    second: np.ndarray  # codes into GENRES, or NO_GENRE
    mood: np.ndarray  # codes into MOODS
    provider: np.ndarray  # codes into PROVIDERS
    twin: np.ndarray  # position of the matched title of the other provider of its pair, or -1
    quality: np.ndarray  # in points of the five-point scale around its centre
    fame: np.ndarray  # how well known it is; to the power of 1 a weight, of people who follow fame
    shown: np.ndarray  # relative chance to be shown
    is_new: np.ndarray
    added: np.ndarray  # part of the two years at which it arrived; 0 was always there

    @property
    def taste(self) -> np.ndarray:
        """The taste that a title is at home in."""
        return 2 * self.genre + _DARK[self.mood]


def make_catalogue(seed: int, n_items: int, planted: Planted) -> Catalogue:
    """Titles with four matched providers: each title of a pair has a twin of equal genre, mood, quality and fame."""
    rng = generator(seed, Stream.CATALOGUE)
    provider, twin = _providers(rng, n_items)
    same = np.where((twin >= 0) & (provider % 2 == 1), twin, np.arange(n_items))  # the second of a pair copies
    genre = rng.integers(N_GENRES, size=n_items)[same]
    second = (genre + rng.integers(1, N_GENRES, size=n_items)[same]) % N_GENRES
    second = np.where(rng.random(n_items)[same] < 0.55, second, NO_GENRE)
    quality = rng.normal(0, 0.4, n_items)[same]
    fame = np.exp(0.8 * quality + rng.normal(0, 1.4, n_items)[same])
    is_new = (rng.permutation(np.arange(n_items)) < round(_NEW_SHARE * n_items / (1 - 4 * _MATCHED_SHARE))) & (twin < 0)
    return Catalogue(
        genre=genre,
        second=second,
        mood=rng.integers(len(MOODS), size=n_items)[same],
        provider=provider,
        twin=twin,
        quality=quality,
        fame=fame,
        shown=np.where(provider == PROVIDERS.index(STARVED), planted.multiplier, 1.0),
        is_new=is_new,
        added=np.where(is_new, rng.uniform(0.92, 1.0, n_items), 0.0),
    )


def _providers(rng: np.random.Generator, n_items: int) -> tuple[np.ndarray, np.ndarray]:
    """(provider, twin): the four matched providers first, the rest of very unequal size."""
    size = round(_MATCHED_SHARE * n_items)
    places = rng.permutation(n_items)[: 4 * size].reshape(4, size)
    weights = 1.0 / np.arange(1, len(STUDIOS) + 1) ** 0.9
    others = rng.choice(len(STUDIOS) + 1, size=n_items, p=np.append(0.16, 0.84 * weights / weights.sum()))
    provider, twin = others + 4, np.full(n_items, -1)
    for number, (mine, theirs) in enumerate(((0, 1), (1, 0), (2, 3), (3, 2))):
        provider[places[mine]], twin[places[mine]] = number, places[theirs]
    return provider, twin


def belonging(catalogue: Catalogue) -> np.ndarray:
    """Tastes x titles: how well a title serves a taste, from 0.002 (not at all) to 1 (at home in it)."""
    taste = np.arange(N_TASTES)[:, None]
    same_mood = taste % 2 == catalogue.taste % 2
    first = np.where(same_mood, _HOME, _OTHER_MOOD)
    second = np.where(same_mood, _SECOND, _SECOND_OTHER_MOOD)
    served = np.where(taste // 2 == catalogue.second, second, _ELSEWHERE)
    return np.where(taste // 2 == catalogue.genre, first, served)
