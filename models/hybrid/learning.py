"""How the hybrid model learns to weigh its signals: chosen titles held out of each history against unseen ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from data.errors import BadInput
from models.histories import Profiles, Training
from models.hybrid.signals import Signals

_PEOPLE = 5_000  # people whose histories teach the weights
_CELLS = 2_000_000


@dataclass(frozen=True, eq=False)
class Lesson:
    """Pairs to learn from (sorted by person), and the training view without the held-out choices."""

    rest: Training
    person: np.ndarray
    item: np.ndarray
    chosen: np.ndarray  # 1 held out, 0 never chosen


def make_lesson(training: Training, share: float, negatives: int, seed: int) -> Lesson:
    """Hold out a share of each history of two or more titles (at least one) and draw unseen titles beside them.

    Items drawn for a person that are in their history are dropped, so nobody's choice is called unseen.
    """
    rng = np.random.default_rng(seed)
    held = _held_out(training.matrix, share, rng)
    people = np.repeat(np.arange(len(training.users)), np.diff(training.matrix.indptr))
    yes_person, yes_item = people[held], training.matrix.indices[held].astype(np.int64)
    no_person = np.repeat(yes_person, negatives)
    no_item = rng.integers(0, len(training.items), len(no_person))
    unseen = ~_chosen(training.matrix, no_person, no_item)
    person, item = np.append(yes_person, no_person[unseen]), np.append(yes_item, no_item[unseen])
    chosen = np.append(np.ones(len(yes_person)), np.zeros(int(unseen.sum())))
    if not 0 < chosen.sum() < len(chosen):
        raise BadInput(
            "the hybrid model needs people who chose two titles or more and left others",
            fix="give more data, or choose the model content or popularity",
        )
    order = np.argsort(person, kind="stable")
    return Lesson(_without(training, held), person[order], item[order], chosen[order])


def _held_out(matrix: sparse.csr_array, share: float, rng: np.random.Generator) -> np.ndarray:
    """Which entries of the matrix are held out (mask)."""
    lengths = np.diff(matrix.indptr)
    people = np.repeat(np.arange(len(lengths)), lengths)
    shuffled = np.lexsort((rng.random(matrix.nnz), people))
    place = np.empty(matrix.nnz, dtype=np.int64)
    place[shuffled] = np.arange(matrix.nnz) - np.repeat(matrix.indptr[:-1], lengths)
    number = np.where(lengths >= 2, np.maximum(1, (share * lengths).astype(np.int64)), 0)
    number[rng.permutation(len(lengths))[_PEOPLE:]] = 0
    return place < number[people]


def _chosen(matrix: sparse.csr_array, person: np.ndarray, item: np.ndarray) -> np.ndarray:
    width = matrix.shape[1]
    known = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr)) * width + matrix.indices
    asked = person * width + item
    place = np.minimum(np.searchsorted(known, asked), len(known) - 1)
    return known[place] == asked


def _without(training: Training, held: np.ndarray) -> Training:
    matrix = training.matrix
    kept = np.concatenate([[0], np.cumsum(~held)])[matrix.indptr]
    left = sparse.csr_array((matrix.data[~held], matrix.indices[~held], kept.astype(np.int32)), shape=matrix.shape)
    return replace(training, matrix=left)


def signal_rows(signals: Signals, lesson: Lesson) -> np.ndarray:
    """Pairs x signals, each from the history without what was held out."""
    return np.concatenate([signals.at(*block) for block in _blocks(lesson)])


def _blocks(lesson: Lesson) -> Iterator[tuple[Profiles, np.ndarray, np.ndarray]]:
    """Profiles, row within them and item of the pairs, a bounded number of people at a time."""
    people, rows = np.unique(lesson.person, return_inverse=True)
    step = max(1, _CELLS // lesson.rest.matrix.shape[1])
    for start in range(0, len(people), step):
        codes = people[start : start + step]
        first, last = np.searchsorted(rows, [start, start + len(codes)])
        yield (
            Profiles(codes, sparse.csr_array(lesson.rest.matrix[codes])),
            rows[first:last] - start,
            lesson.item[first:last],
        )
