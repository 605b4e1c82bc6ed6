"""Exact consequences of what is planted, computed from the hidden part of the world and not from any choice."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from data.demo.catalogue import N_TASTES, Catalogue
from data.demo.choices import chances, mixtures
from data.demo.people import People

_BLOCK = 256  # people at a time
_LIST = 10
_NEWTON_STEPS = 30
_HITS = 0.10  # part of the titles that count as hits


def settled(catalogue: Catalogue) -> np.ndarray:
    """`chances` while no new title has arrived: rows x titles, 0 for new titles, rows sum to 1."""
    rows = np.where(catalogue.is_new, 0.0, chances(catalogue))
    return rows / rows.sum(axis=1, keepdims=True)


def own_taste(people: People, catalogue: Catalogue, noise: np.ndarray) -> np.ndarray:
    """Chance of each person that one draw is a title at home in the person's strongest taste, at this noise."""
    home = settled(catalogue) @ np.eye(N_TASTES)[catalogue.taste]
    top = people.tastes.argmax(axis=1)
    return np.asarray((mixtures(people, noise) * home[:, top].T).sum(axis=1))


def ceiling(people: People, catalogue: Catalogue, noise: np.ndarray) -> np.ndarray:
    """Chance of each person that one draw is among the ten titles likeliest for the person.

    No list of ten can be hit more often, whatever a recommender knows about the person's past.
    """
    rows = settled(catalogue)
    best = [np.partition(part @ rows, -_LIST, axis=1)[:, -_LIST:].sum(axis=1) for part in _blocks(people, noise)]
    return np.concatenate(best)


def title_share(people: People, catalogue: Catalogue, noise: np.ndarray) -> np.ndarray:
    """Share of each title in one draw of everybody."""
    return np.asarray(mixtures(people, noise).mean(axis=0) @ settled(catalogue))


def expected_choices(people: People, catalogue: Catalogue) -> np.ndarray:
    """How many people end up with each title, as nobody chooses a title twice.

    Of n titles drawn one after another without replacement with chances p_i, title i is among them with a chance of
    about 1 - exp(-p_i t), where t makes these chances sum to n (Rosén 1972); new titles are left out.
    """
    rows, total, done = settled(catalogue), np.zeros(len(catalogue.genre)), 0
    for part in _blocks(people, people.noise):
        chance, wanted = part @ rows, people.activity[done : done + len(part)].astype(np.float64)
        done += len(part)
        time = wanted[:, None]
        for _ in range(_NEWTON_STEPS):
            missed = np.exp(-chance * time)
            time = time + (wanted - (1 - missed).sum(axis=1))[:, None] / (chance * missed).sum(axis=1, keepdims=True)
        total += (1 - np.exp(-chance * time)).sum(axis=0)
    return total


def hits(catalogue: Catalogue) -> np.ndarray:
    """Which titles are hits: the best known tenth of those that were always there."""
    fame = np.where(catalogue.is_new, 0.0, catalogue.fame)
    return fame >= np.quantile(fame, 1 - _HITS)


def hit_share(people: People, catalogue: Catalogue) -> np.ndarray:
    """Chance of each person that one draw is a hit."""
    return np.asarray(mixtures(people, people.noise) @ settled(catalogue)[:, hits(catalogue)].sum(axis=1))


def auc(worse: tuple[float, ...], better: tuple[float, ...]) -> float:
    """Area under the ROC curve of the best guess from one column: categories by likelihood ratio, ties count half."""
    first, second = np.asarray(worse), np.asarray(better)
    ratio = first / second
    wins = (ratio[:, None] > ratio) + 0.5 * (ratio[:, None] == ratio)
    return float(first @ wins @ second)


def _blocks(people: People, noise: np.ndarray) -> Iterator[np.ndarray]:
    mixed = mixtures(people, noise)
    return (mixed[start : start + _BLOCK] for start in range(0, len(mixed), _BLOCK))
