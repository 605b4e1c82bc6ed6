"""Bounds for unknown groups from counts: how many of the unlabelled have which value, not who."""

from __future__ import annotations

import numpy as np

from audit.engine.crowd import Crowd
from audit.inference.groups import coded
from audit.measures.coded import divide
from audit.measures.exposure import UNKNOWN


def counted_bounds(crowd: Crowd, attribute: str, metric: str) -> dict[str, np.ndarray]:
    """What `inference.unknowns.bounds_table` asks: people known and unknown, sharp lower and upper bounds by group.

    Unlabelled people join a group from the top (or bottom) value on, and everybody else gets the others.
    """
    codes, names = coded(crowd.labels[attribute])
    known = len(names) - 1
    size, total = (np.bincount(codes, weights=each, minlength=known + 1) for each in _by_set(crowd, metric))
    value, count = _unlabelled(crowd, attribute, metric, round(size[-1]))
    sides = (size[:-1], total[:-1])
    return {
        "known": np.asarray(round(size[:-1].sum())),
        "unknown": np.asarray(round(size[-1])),
        "upper": _most(*sides, value[::-1], count[::-1]),
        "lower": -_most(*(sides[0], -sides[1]), -value, count),
    }


def _by_set(crowd: Crowd, metric: str) -> tuple[np.ndarray, np.ndarray]:
    return crowd.people.astype(np.float64), crowd.in_sets(crowd.judged.sums[metric])


def _unlabelled(crowd: Crowd, attribute: str, metric: str, people: int) -> tuple[np.ndarray, np.ndarray]:
    """Values of the unlabelled from the lowest on, and how many have each; who has no hit has 0."""
    table = crowd.judged.alike
    mine = table[(crowd.judged.groups[attribute].to_numpy() == UNKNOWN)[table["group"].to_numpy(dtype=np.int64)]]
    count = mine["n"].to_numpy(dtype=np.float64)
    values = np.append(mine[metric].to_numpy(dtype=np.float64), 0.0)
    value, place = np.unique(values, return_inverse=True)
    return value, np.bincount(place, weights=np.append(count, people - count.sum()))


def _most(size: np.ndarray, total: np.ndarray, value: np.ndarray, count: np.ndarray) -> np.ndarray:
    """The greatest gap of every group to everybody else when some of the unlabelled join it, in the order given.

    Between two values the gap is a smooth curve of how many joined, with one place at most where it turns; whole numbers
    around it, and the ends, hold the greatest.
    """
    joined = np.concatenate([[0.0], np.cumsum(count)])
    summed = np.concatenate([[0.0], np.cumsum(count * value)])
    best = [
        _best(own, mine, size.sum() - own, total.sum() - mine, value, joined, summed)
        for own, mine in zip(size, total, strict=True)
    ]
    return np.array(best)


def _best(
    size: float, total: float, rest: float, rest_total: float, value: np.ndarray, joined: np.ndarray, summed: np.ndarray
) -> float:
    """That of one group; `joined` and `summed`: people, and the sum of their values, before each value and at the end."""
    people, sums = joined[:-1], summed[:-1]
    own, others = size + people, rest + joined[-1] - people
    mine, theirs = total + sums, rest_total + summed[-1] - sums
    with np.errstate(divide="ignore", invalid="ignore"):
        turn = np.sqrt(-(value * others - theirs) / (value * own - mine))
        at = np.nan_to_num((others - turn * own) / (1 + turn), nan=0.0, posinf=0.0, neginf=0.0)
    step = np.clip(np.stack([np.zeros(len(at)), np.floor(at), np.ceil(at), np.diff(joined)]), 0, np.diff(joined))
    gaps = divide(mine + step * value, own + step) - divide(theirs - step * value, others - step)
    found = gaps[np.isfinite(gaps)]
    return float(found.max()) if len(found) else np.nan
