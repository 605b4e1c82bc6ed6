"""Beyond accuracy: literal definitions, scipy, hand cases, and the published-split anchor."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from scipy.spatial.distance import jensenshannon

from audit.measures.beyond import beyond, calibration_column
from audit.measures.coded import Coded
from audit.measures.popularity import popularity_lift, short_head, taste_groups
from data.columns import Kind
from data.errors import BadInput, NotFound
from tests.audit_world import World, cosine, mean, shares, worlds


def coded(world: World) -> Coded:
    return Coded.of(world.recommendations, world.outcomes, world.train, world.items, k=world.k)


def table(world: World, **options: object) -> pd.DataFrame:
    return beyond(coded(world), world.items, world.kinds, **options)


def slow_diversity(world: World, user: str) -> float:
    items = [world.genres[i] for i in world.shown(user) if world.genres[i]]
    return mean([1 - cosine(a, b) for n, a in enumerate(items) for b in items[:n]])


def slow_serendipity(world: World, user: str) -> float:
    past = [world.genres[i] for i in world.history[user] if world.genres[i]]
    if not past or not world.truth[user]:
        return math.nan
    described = [i for i in world.shown(user) if world.genres[i]]
    return mean([(i in world.truth[user]) * (1 - mean([cosine(world.genres[i], p) for p in past])) for i in described])


def slow_calibration(world: World, user: str) -> tuple[float, float]:
    p, q = shares(world.history[user], world.genres), shares(world.shown(user), world.genres)
    if not p or not q:
        return math.nan, math.nan
    names = sorted({*p, *q})
    distance = jensenshannon([p.get(n, 0) for n in names], [q.get(n, 0) for n in names], base=2)
    kl = sum(share * math.log(share / (0.99 * q.get(n, 0) + 0.01 * share)) for n, share in p.items())
    return float(np.nan_to_num(distance) ** 2), kl


def slow_popularity(world: World, user: str) -> dict[str, float]:
    count, shown = world.popularity(), world.shown(user)
    people = sum(bool(items) for items in world.history.values())
    if not people:
        return dict.fromkeys(("novelty", "average_popularity", "popularity_percentile", "unexpectedness"), math.nan)
    every = [count[i] for i in world.genres]
    unseen = sorted((i for i in world.genres if i not in world.history[user]), key=lambda i: (-count[i], int(i)))
    return {
        "novelty": mean([-math.log2(max(count[i], 1) / people) for i in shown]),
        "average_popularity": mean([float(count[i]) for i in shown]),
        "popularity_percentile": mean([mean([(c < count[i]) + (c == count[i]) / 2 for c in every]) for i in shown]),
        "unexpectedness": mean([float(i not in unseen[: world.k]) for i in shown]),
        "list_popularity": mean([count[i] / people for i in shown]),
        "profile_popularity": mean([count[i] / people for i in world.history[user]]),
    }


def slow_head(world: World, share: float = 0.8) -> set[str]:
    count = world.popularity()
    total, held, head = sum(count.values()), 0, set()
    for item in sorted(world.genres, key=lambda i: (-count[i], int(i))):
        if held >= share * total - 1e-9:
            break
        head.add(item)
        held += count[item]
    return head


@given(worlds())
@settings(max_examples=60, deadline=None)
def test_every_column_equals_its_literal_definition(world: World):
    result = table(world)
    assert set(result.index) == set(world.lists)
    head = slow_head(world)
    for user in world.lists:
        js, kl = slow_calibration(world, user)
        expected = {
            "diversity": slow_diversity(world, user),
            "serendipity": slow_serendipity(world, user),
            "miscalibration_js": js,
            "miscalibration_kl": kl,
            **slow_popularity(world, user),
        }
        if sum(world.popularity().values()):
            expected["tail_share"] = mean([float(i not in head) for i in world.shown(user)])
        assert result.loc[user, list(expected)].to_dict() == pytest.approx(expected, abs=1e-9, nan_ok=True)


@given(worlds())
@settings(max_examples=60, deadline=None)
def test_bounds_hold(world: World):
    result = table(world)
    unit = ["diversity", "serendipity", "miscalibration_js", "tail_share", "unexpectedness", "popularity_percentile"]
    values = result[unit].to_numpy()
    assert ((values >= 0) & (values <= 1 + 1e-12) | np.isnan(values)).all()
    kl = result["miscalibration_kl"].dropna()
    assert ((kl >= 0) & (kl <= math.log(100) + 1e-12)).all()


@given(worlds())
@settings(max_examples=60, deadline=None)
def test_the_popularity_list_itself_is_never_unexpected(world: World):
    count = world.popularity()
    lists = {
        user: sorted((i for i in world.genres if i not in past), key=lambda i: (-count[i], int(i)))[: world.k]
        for user, past in world.history.items()
    }
    world.lists = {user: items for user, items in lists.items() if items}
    if world.lists and count:
        assert (table(world)["unexpectedness"] == 0).all()


def test_undefined_is_nan():
    genres = {"1": ("drama",), "2": (), "3": ("noir",)}
    world = World({"a": ["1", "2"], "b": ["2"]}, {"a": {"1"}}, {"a": set(), "b": {"1"}}, genres, 5)
    result = table(world)
    assert math.isnan(result.loc["a", "diversity"])  # one item with content has no pair
    assert math.isnan(result.loc["a", "serendipity"])  # no history
    assert math.isnan(result.loc["b", "serendipity"])  # no truth
    assert math.isnan(result.loc["b", "miscalibration_js"])  # no genre in the list
    assert result.loc["a", "novelty"] == 0  # both by the rule: one of one person, and nobody counts as one


def test_a_cold_item_counts_as_one_person():
    history = {"a": {"1"}, "b": {"1"}, "c": {"1"}, "d": {"1"}}
    world = World({"a": ["9"]}, {}, history, {"1": (), "9": ()}, 5)
    assert table(world).loc["a", "novelty"] == 2  # -log2(1/4)


def test_both_rules_of_the_head():
    world = World({"u0": ["1"]}, {}, {f"u{n}": {str(i) for i in range(1, 11) if n < 11 - i} for n in range(10)}, {}, 1)
    world.genres = {str(i): () for i in range(1, 13)}  # counts 10, 9, ... 1, 0, 0
    rules = coded(world)
    assert set(rules.items.values[short_head(rules)]) == set("123456")  # 10+9+8+7+6 = 40 < 44 = 80 % of 55
    assert set(rules.items.values[short_head(rules, "items")]) == {"1", "2"}  # a fifth of the ten chosen ones


def test_content_columns():
    kinds = {"year": Kind.NUMBER, "maker": Kind.CATEGORY, "genres": Kind.MULTI}
    items = pd.DataFrame({"maker": ["x", "y"], "genres": ["a|b", "c"], "year": [1, 2]}, index=["1", "2"])
    world = World({"a": ["1", "2"]}, {}, {"a": {"1"}}, {}, 2)
    assert calibration_column(kinds, items) == "genres"
    assert calibration_column({}, items) is None
    c = Coded.of(world.recommendations, world.outcomes, world.train, items, k=2)
    assert beyond(c, items, kinds)["diversity"].tolist() == [1.0]
    assert beyond(c, items, {})[["diversity", "miscalibration_js"]].isna().all(axis=None)
    with pytest.raises(BadInput, match="column 'year': it is declared number"):
        beyond(c, items, kinds, calibration="year")
    with pytest.raises(NotFound, match="no item column 'colour'; known: maker, genres, year"):
        beyond(c, items, kinds, content=["colour"])


def test_anchor_popularity_lists_of_the_published_split(ml100k_folder):
    """Methods 3.2, row MostPop: nDCG .2183, ARP 354.1, APLT 0, dGAP 2.15 / 1.32 / .86, C_KL .820, GAP_p .1183 ..."""
    from audit.measures.exposure import list_statistics
    from audit.measures.quality import quality

    world = published(ml100k_folder)
    train = world.train
    order = train["item_id"].value_counts()
    order = sorted(order.index, key=lambda i: (-order[i], int(i)))
    for user, seen in world.history.items():
        world.lists[user] = [i for i in order[: len(seen) + 10] if i not in seen][:10]
    c = coded(world)
    result = beyond(c, world.items, world.kinds, head="items")
    assert quality(c).per_user["ndcg"].mean() == pytest.approx(0.2183, abs=5e-5)
    assert result["average_popularity"].mean() == pytest.approx(354.1, abs=0.05)
    assert result["tail_share"].mean() == 0
    assert result["miscalibration_kl"].mean() == pytest.approx(0.820, abs=5e-4)
    groups = taste_groups(c)
    lift = popularity_lift(result, groups)
    assert lift[["niche", "diverse", "blockbuster"]].tolist() == pytest.approx([2.15, 1.32, 0.86], abs=5e-3)
    gap = result["profile_popularity"].groupby(groups).mean()[["niche", "diverse", "blockbuster"]]
    assert gap.tolist() == pytest.approx([0.1183, 0.1616, 0.2055], abs=5e-5)
    lists = list_statistics(c, result)
    assert lists.coverage == pytest.approx(0.0327, abs=5e-5)
    assert lists.gini * 1681 / 1682 == pytest.approx(0.9890, abs=5e-5)  # the anchor divides by n, ours by n - 1


def published(folder) -> World:
    def read(name: str) -> dict[str, set[str]]:
        frame = pd.read_csv(folder / name, sep="\t", header=None, dtype=str)
        return frame.groupby(0)[1].agg(set).to_dict()

    films = pd.read_csv(folder / "u.item", sep="|", header=None, encoding="latin-1", dtype={0: str})
    flags = films.iloc[:, 5:].to_numpy() == 1
    names = np.arange(flags.shape[1]).astype(str)
    genres = {film: tuple(names[row]) for film, row in zip(films[0], flags, strict=True)}
    return World({}, read("mcrec.test.rating"), read("mcrec.train.rating"), genres, 10)
