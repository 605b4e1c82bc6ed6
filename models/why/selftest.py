"""Does the arithmetic of the explanations hold: closed forms against SHAP and against the definition, on a seeded world."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from models.base import Recommender
from models.content.model import history_shares
from models.counted.item_neighbours import ItemNeighbours
from models.explanation import Exactness
from models.histories import history
from models.hybrid.learners import Trees
from models.hybrid.model import Hybrid
from models.why.shapley import closed_form, enumerated, kernel, linear_explainer
from models.why.world import PEOPLE, World

_EXACT, _SHAP, _LITERAL, _DIFFERENT = 1e-9, 1e-6, 1e-12, 1e-6
_PAIRS = 200


class Check(NamedTuple):
    """One thing that must hold: whether it does, the figure it rests on, and what that means in plain words."""

    name: str
    ok: bool
    figure: str
    meaning: str


def self_test(seed: int = 0) -> list[Check]:
    """Every check on a small seeded world; a few seconds. What cannot be run has not held."""
    world, told = World(seed), []
    for group in (_linear, _content, _defaults, _kernel, _hybrid, _definition):
        try:
            told += list(group(world))
        except Exception as error:  # another version of a library may refuse what ours takes
            meaning = "This check could not be run, so nothing is known."
            told.append(Check(group.__name__.strip("_"), False, f"{type(error).__name__}: {error}", meaning))
    return told


def residual_check(model: Recommender, pairs: int = _PAIRS, seed: int = 0) -> Check:
    """The largest |score − base − sum of parts| over seeded pairs of a stored person and a title they did not choose."""
    rng = np.random.default_rng(seed)
    people, gaps = model.profiles(rng.integers(0, len(model.training.users), pairs)), []
    for row, item in enumerate(rng.integers(0, len(model.training.items), pairs).tolist()):
        one = people.rows(row, row + 1)
        if item not in one.matrix.indices:
            told = model.explain(one, item)
            gaps.append(abs(told.residual) / max(1.0, abs(told.score)))
    limit = _SHAP if model.kind is Exactness.SHAP else _EXACT
    meaning = f"Starting point plus parts is the score, to {limit:g} of its size, in this stored model."
    name, worst = f"parts add up: {model.name}", largest(gaps)
    return Check(name, worst < limit, f"largest gap {worst:.1e} over {len(gaps)} pairs", meaning)


def largest(gaps: Sequence[float]) -> float:
    """The largest, NaN where one is NaN or there is none: neither is below any limit."""
    return float(np.max(gaps)) if len(gaps) else float("nan")


def _linear(world: World) -> Iterator[Check]:
    model = world.linear
    rows = model.profiles().presence().matrix.toarray()
    columns = {item: model.weights[:, item] for _, item in world.pairs(model)}
    yield from _additive("linear", model, world, rows, columns)


def _content(world: World) -> Iterator[Check]:
    model = world.content
    rows = history_shares(world.training.matrix).toarray()
    likeness = (model.features @ model.features.T).toarray()
    yield from _additive("content", model, world, rows, {item: likeness[:, item] for _, item in world.pairs(model)})


def _additive(
    name: str, model: Recommender, world: World, rows: np.ndarray, columns: dict[int, np.ndarray]
) -> Iterator[Check]:
    """A score that is linear in `rows` (people x titles) with the weights `columns[item]`."""
    whole, empty = [], []
    for one, item in world.pairs(model):
        x, weights = rows[one.users[0]], columns[item]
        mine = closed_form(weights, x, rows)
        whole.append(np.abs(mine - linear_explainer(weights, x, rows)).max())
        told = np.zeros(len(x))
        for part in model.explain(one, item).parts:
            told[model.training.items.code(part.id, "item")] += part.value
        nobody = np.zeros((1, len(x)))
        empty.append(np.abs(told - linear_explainer(weights, x, nobody)).max())
    yield Check(
        f"{name}: closed form is SHAP's LinearExplainer, whole background",
        largest(whole) < _EXACT,
        f"largest difference {largest(whole):.1e} over {len(whole)} pairs",
        "Shapley values of a sum are weight times distance from the average person. SHAP, given every row, says the same.",
    )
    yield Check(
        f"{name}: shown reasons are SHAP's values, empty history",
        largest(empty) < _EXACT,
        f"largest difference {largest(empty):.1e} over {len(empty)} pairs",
        "The reasons that people read compare with a person who chose nothing. SHAP, told so, gives the same numbers.",
    )


def _defaults(world: World) -> Iterator[Check]:
    rows = world.linear.profiles().presence().matrix.toarray()
    errors = []
    for one, item in world.pairs(world.linear):
        weights, x = world.linear.weights[:, item], rows[one.users[0]]
        sampled = linear_explainer(weights, x, rows, whole=False)
        errors.append(np.abs(closed_form(weights, x, rows) - sampled).max())
    yield Check(
        "warning holds: LinearExplainer's default samples the background",
        largest(errors) > _DIFFERENT,
        f"largest error {largest(errors):.1e}",
        "Left to itself SHAP compares with 100 sampled people, not with all. We pass every row, so ours is not affected.",
    )


def _kernel(world: World) -> Iterator[Check]:
    model = world.linear
    one = model.profiles(np.array([world.longest]))
    item = int(model.recommend(one, 1).items[0, 0])
    codes, x = history(one)[0], one.presence().matrix.toarray()[0]
    weights = model.weights[:, item]
    truth, default, full = weights * x, kernel(weights, x), kernel(weights, x, l1_reg=0)
    kept = int((np.abs(default) > 0).sum())
    best = {frozenset(np.argsort(-np.abs(phi), kind="stable")[:5].tolist()) for phi in (truth, default)}
    found = len(frozenset.intersection(*best))
    error = float(np.abs(default - truth).max())
    yield Check(
        "warning holds: KernelExplainer's default keeps ten reasons",
        bool(kept <= 10 < len(codes) and error > _DIFFERENT),
        f"{kept} of {len(codes)} reasons, error {error:.1e}, {found} of the true top 5",
        "Left to itself SHAP drops all but ten reasons. We read the weights of the model and drop none.",
    )
    gap = float(np.abs(full - truth).max())
    yield Check(
        "KernelExplainer without that default is the closed form",
        gap < _EXACT,
        f"largest difference {gap:.1e}",
        "Told to keep every reason, SHAP's model-free method arrives at our numbers, a thousand times slower.",
    )


def _hybrid(world: World) -> Iterator[Check]:
    import shap

    for learner in ("logistic", "trees"):
        model = Hybrid(learner=learner, regularization=20, background=400).fit(world.training)
        check = residual_check(model, 60)
        yield check._replace(name=f"hybrid, {learner}: SHAP over the whole background adds up")
    combination, profiles = Trees(model.combination.arrays, model.combination.background), model.profiles()
    person = np.arange(0, PEOPLE, 10)
    rows = combination.read(model.signals.at(profiles, person, model.recommend(profiles, 1).items[person, 0]))
    background = combination.read(combination.background)
    sampled = shap.TreeExplainer(combination.shap_model, data=background, feature_perturbation="interventional")
    gap = float(np.abs(combination.explainer.shap_values(rows) - sampled.shap_values(rows)).max())
    yield Check(
        "warning holds: TreeExplainer's default samples the background",
        gap > _DIFFERENT,
        f"largest error {gap:.1e}",
        "Left to itself SHAP compares with 100 of the background pairs. We pass a masker that holds them all.",
    )


def _definition(world: World) -> Iterator[Check]:
    for model in (world.linear, ItemNeighbours().fit(world.training)):
        one = model.profiles(np.array([0]))
        item = int(model.recommend(one, 1).items[0, 0])
        codes = history(one)[0]
        told = {part.id: part.value for part in model.explain(one, item).parts}
        shown = np.array([told.get(model.training.items[code], 0.0) for code in codes])
        gap = float(np.abs(enumerated(model, one, item) - shown).max())
        yield Check(
            f"{model.name}: parts are Shapley values by the definition",
            gap < _LITERAL,
            f"largest difference {gap:.1e} over {2 ** len(codes)} subsets",
            "Every subset of a short history is scored anew and averaged as Shapley wrote it. Our parts are the result.",
        )
