"""How well something tells a group: out-of-fold scores of a logistic regression, and their AUC with an interval."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from scipy.stats import t

from audit.measures.coded import divide

FOLDS = 10
_STRENGTH = 0.1  # inverse of the penalty: many features, few people
_STEPS = 200
_PERMUTED = 20


class Guess(NamedTuple):
    """Out-of-fold scores, people x classes, and the fold of each person: only scores of one fold are compared."""

    scores: np.ndarray
    fold: np.ndarray
    codes: np.ndarray


def guess(features: np.ndarray, codes: np.ndarray, *, seed: int = 0, folds: int = FOLDS) -> Guess:
    """Chances of every class for every person (a row of features), from the other folds (stratified, seeded).

    Class-balanced logistic regression with an L2 penalty, C = .1. `codes`: the class of each person, 0, 1, …, each class
    with at least `folds` people.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold
    from threadpoolctl import threadpool_limits

    scores = np.zeros((len(codes), int(codes.max()) + 1))
    fold = np.zeros(len(codes), dtype=np.int64)
    split = StratifiedKFold(folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings(), threadpool_limits(1):  # problems are small: threads only wait for each other
        warnings.simplefilter("ignore", ConvergenceWarning)
        for number, (train, test) in enumerate(split.split(np.zeros(len(codes)), codes)):
            model = LogisticRegression(C=_STRENGTH, class_weight="balanced", max_iter=_STEPS, tol=1e-3)
            scores[test] = model.fit(features[train], codes[train]).predict_proba(features[test])
            fold[test] = number
    return Guess(scores, fold, codes)


def counts(n: int, draws: int, seed: int) -> np.ndarray:
    """Draws x people: how often each person is in each resample; the first row is everybody once."""
    rng = np.random.default_rng(seed)
    picked = rng.integers(0, n, (draws, n)) + np.arange(draws)[:, None] * n
    drawn = np.bincount(picked.ravel(), minlength=draws * n).reshape(draws, n)
    return np.vstack([np.ones((1, n)), drawn]).astype(np.float64)


def auc(score: np.ndarray, positive: np.ndarray, fold: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Chance that a positive scores above a negative of the same fold, ties half, for every row of weights (rows x people).

    0.5 tells nothing, 1 tells all; NaN without such a pair.
    """
    order = np.lexsort((score, fold))
    score, fold, positive, weight = score[order], fold[order], positive[order], weight[:, order]
    new = np.ones(len(score), dtype=bool)
    new[1:] = (fold[1:] != fold[:-1]) | (np.abs(np.diff(score)) > 1e-12)
    starts = np.flatnonzero(new)
    ups = np.add.reduceat(weight * positive, starts, axis=1)
    downs = np.add.reduceat(weight * ~positive, starts, axis=1)
    of_fold = fold[starts]
    first = np.flatnonzero(np.append(True, of_fold[1:] != of_fold[:-1]))
    below = np.cumsum(downs, axis=1) - downs
    below = below - below[:, first][:, np.searchsorted(of_fold[first], of_fold)]
    wins = (ups * (below + downs / 2)).sum(axis=1)
    pairs = (np.add.reduceat(ups, first, axis=1) * np.add.reduceat(downs, first, axis=1)).sum(axis=1)
    return divide(wins, pairs)


def one_against_rest(told: Guess, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """AUC of all classes together (each against the rest, weighed by its people) and of each class: rows, rows x classes."""
    n = np.bincount(told.codes, minlength=told.scores.shape[1])
    each = np.column_stack([auc(told.scores[:, code], told.codes == code, told.fold, weight) for code in range(len(n))])
    return each @ (n / n.sum()), each


def largest_pair(told: Guess, weight: np.ndarray) -> tuple[tuple[int, int], np.ndarray]:
    """The two classes with most people, and the AUC between them alone."""
    size = np.bincount(told.codes, minlength=told.scores.shape[1])
    first, second = (int(code) for code in np.argsort(-size, kind="stable")[:2])
    inside = (told.codes == first) | (told.codes == second)
    score = divide(told.scores[:, first], told.scores[:, first] + told.scores[:, second])
    positive = told.codes[inside] == first
    return (first, second), auc(score[inside], positive, told.fold[inside], weight[:, inside])


def chance_p(features: np.ndarray, codes: np.ndarray, seen: float, *, seed: int = 0) -> float:
    """One-sided p of an AUC, each class against the rest, against labels that tell nothing.

    The guesser is trained again on 20 permutations of the labels; the AUC is set against theirs by Student's t. Resampling
    people alone leaves out how much a guesser varies: on labels without any effect it gave two thirds of the true spread.
    """
    rng, one = np.random.default_rng([seed, 2]), np.ones((1, len(codes)))
    drawn = [
        float(one_against_rest(guess(features, rng.permutation(codes), seed=seed), one)[0][0]) for _ in range(_PERMUTED)
    ]
    spread = float(np.std(drawn, ddof=1)) * np.sqrt(1 + 1 / _PERMUTED)
    return float(t.sf((seen - np.mean(drawn)) / spread, _PERMUTED - 1)) if spread > 0 else float("nan")
