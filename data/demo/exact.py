"""Exact consequences of what is planted, computed from the hidden part of the world and not from any choice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from data.demo.catalogue import N_TASTES, Catalogue
from data.demo.choices import chances, mixtures
from data.demo.people import People

_BLOCK = 256  # people at a time
_LIST = 10
_NEWTON_STEPS = 8
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


@dataclass(frozen=True, eq=False)
class Log:
    """What the whole log is expected to show, in which nobody chooses a title twice."""

    choices: np.ndarray  # of each title
    own_taste: np.ndarray  # of each person: share of choices at home in the strongest taste
    hits: np.ndarray  # of each person: share of choices that are hits


def expected_log(people: People, catalogue: Catalogue) -> Log:
    """The expected log of these people, new titles left out.

    Of n titles drawn one after another without replacement with chances p_i, title i is among them with a chance of
    about 1 - exp(-p_i t), where t makes these chances sum to n (Rosén 1972).
    """
    rows, top, famous = settled(catalogue), people.tastes.argmax(axis=1), hits(catalogue)
    total, own, hit, done = np.zeros(len(catalogue.genre)), [], [], 0
    for part in _blocks(people, people.noise):
        mine = slice(done, done + len(part))
        taken = _taken(part @ rows, people.activity[mine].astype(np.float64)[:, None])
        total += taken.sum(axis=0)
        own.append((taken * (catalogue.taste == top[mine, None])).sum(axis=1))
        hit.append(taken[:, famous].sum(axis=1))
        done += len(part)
    return Log(total, np.concatenate(own) / people.activity, np.concatenate(hit) / people.activity)


def _taken(chance: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """People x titles: chance that each title is among the person's `wanted` ones; Newton, from below."""
    time = wanted
    for _ in range(_NEWTON_STEPS):
        missed = np.exp(-chance * time)
        time = time + (wanted - (1 - missed).sum(axis=1, keepdims=True)) / (chance * missed).sum(axis=1, keepdims=True)
    return 1 - np.exp(-chance * time)


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
