"""Groups that nobody has to supply: what they are by definition, and that the audit uses them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from audit.clusters import behaviour
from audit.explanations import thirds as other_thirds
from audit.measures.beyond import beyond
from audit.measures.coded import Coded
from audit.measures.content import memberships, share_rows
from audit.measures.popularity import popularity_lift, taste_groups
from audit.plan import Plan
from audit.provider_detail import provider_detail, provider_details
from audit.run import AuditTables, run_audit
from audit.segment_side import popularity_by_group
from audit.segments import ACTIVITY, BEHAVIOUR, BREADTH, TASTE, TENURE, breadth, newcomers, segments, thirds
from data.columns import Kind
from data.errors import NotFound
from tests.worlds import published_split

KINDS = {"genre": Kind.CATEGORY, "provider": Kind.CATEGORY}
QUICK = Plan.of({"draws": 100, "exploratory": ["recall"], "k": 5})


def world(n: int = 240, seed: int = 0) -> AuditTables:
    """Three planted tastes over nine genres: each person chooses from three genres of its own, 9 times in 10."""
    rng = np.random.default_rng(seed)
    genre = np.repeat(np.arange(9), 12)
    items = pd.DataFrame(
        {"genre": [f"g{each}" for each in genre], "provider": rng.choice(["a", "b", "c"], 108), "title": "t"},
        index=pd.Index([f"i{each:03d}" for each in range(108)], name="item_id"),
    )
    taste = np.arange(n) % 3
    rows = []
    for person in range(n):
        size = rng.integers(6, 30)
        weight = np.where(genre // 3 == taste[person], 0.9, 0.05) + 1e-9
        rows += [
            (f"u{person:03d}", f"i{item:03d}") for item in rng.choice(108, size, replace=False, p=weight / weight.sum())
        ]
    train = pd.DataFrame(rows, columns=["user_id", "item_id"])
    people = train["user_id"].unique()
    shown = [
        (user, f"i{item:03d}", rank)
        for user in people
        for rank, item in enumerate(rng.choice(108, 5, replace=False), 1)
    ]
    lists = pd.DataFrame(shown, columns=["user_id", "item_id", "rank"])
    outcomes = lists[lists["rank"] == 2][["user_id", "item_id"]]
    return AuditTables(lists, outcomes, train, items, KINDS)


def coded(tables: AuditTables, k: int = 5) -> Coded:
    return Coded.of(tables.recommendations, tables.outcomes, tables.train, tables.items, k=k)


def test_thirds_have_one_home() -> None:
    assert other_thirds is thirds


def test_planted_tastes_are_found_again_and_described() -> None:
    tables = world()
    found = segments(coded(tables), tables.items, tables.kinds, tables.train)
    labels = found.groups[BEHAVIOUR]
    planted = pd.Series([int(user[1:]) % 3 for user in labels.index], index=labels.index)
    table = pd.crosstab(planted, labels)
    assert table.max().sum() / table.to_numpy().sum() > 0.95  # hardly anybody is among people of another taste
    assert set(found.described) == set(labels)
    for name, words in found.described.items():
        assert f"{int((labels == name).sum()):,} people" in words
        top = words.split(": ")[1].split(" ")[0]
        shares = tables.train[tables.train["user_id"].isin(labels.index[labels == name])].merge(
            tables.items, left_on="item_id", right_index=True
        )
        by_user = pd.crosstab(shares["user_id"], shares["genre"], normalize="index").mean()
        assert by_user.idxmax() == top
        assert f"{top} {by_user.max():.0%}" in words


def test_segments_are_the_same_again_and_follow_the_seed_only() -> None:
    tables = world()
    shuffled = replace(tables, train=tables.train.sample(frac=1, random_state=3))
    one, two = (segments(coded(each), each.items, each.kinds, each.train) for each in (tables, shuffled))
    for name, labels in one.groups.items():
        pd.testing.assert_series_equal(labels, two.groups[name])
    assert one.described == two.described


def test_breadth_is_entropy_in_bits() -> None:
    shares = sparse.csr_array(np.array([[1.0, 0, 0, 0], [0.25] * 4, [0, 0, 0, 0], [0.5, 0.5, 0, 0]]))
    values = breadth(shares, pd.Index(list("abcd")))
    assert values[["a", "b", "d"]].tolist() == [0, 2, 1]
    assert math.isnan(values["c"])


def test_newcomers_by_time_and_by_length() -> None:
    counts = pd.Series({f"u{n}": float(n + 1) for n in range(10)})
    labels, how = newcomers(counts, None)
    assert list(labels.index[labels == "newcomer"]) == ["u0", "u1"]
    assert "fewest" in how
    train = pd.DataFrame({"user_id": [*counts.index, "u0"], "item_id": "i", "timestamp": [*range(10, 0, -1), 1]})
    labels, how = newcomers(counts, train)  # u0 came first of all, by its second row; the last to come are u1 and u2
    assert list(labels.index[labels == "newcomer"]) == ["u1", "u2"]
    assert "latest" in how
    assert set(newcomers(pd.Series({"a": 3.0, "b": 3.0, "c": 3.0}), None)[0]) == {"established"}


@given(st.lists(st.integers(1, 9), min_size=1, max_size=40))
@settings(max_examples=40, deadline=None)
def test_newcomers_are_at_most_a_fifth_and_never_longer_than_the_others(sizes: list[int]) -> None:
    counts = pd.Series(np.array(sizes, dtype=float), index=[f"u{n}" for n in range(len(sizes))])
    new = newcomers(counts, None)[0] == "newcomer"
    assert new.sum() <= math.ceil(0.2 * len(sizes))
    if new.any():
        assert counts[new].max() < counts[~new].min()


def test_too_few_people_have_no_segments_of_behaviour_and_it_is_said() -> None:
    tables = world(12)
    found = segments(coded(tables), tables.items, tables.kinds)
    assert BEHAVIOUR not in found.groups
    assert "Too few people" in found.notes[0]
    bare = segments(coded(tables), tables.items, {})
    assert set(bare.groups) == {ACTIVITY, TASTE, TENURE}
    empty = replace(tables, train=tables.train.iloc[:0])
    assert segments(coded(empty), empty.items, empty.kinds).groups == {}


def test_all_alike_people_are_one_segment() -> None:
    rows = share_rows(sparse.csr_array(np.ones((50, 3))))
    assert behaviour(rows, ["a", "b", "c"], pd.Index(range(50)), 0) is None


# -- in the audit ----------------------------------------------------------------------------------------------------


def test_an_audit_without_attributes_compares_segments_and_decides_nothing_by_them() -> None:
    told = run_audit(world(), QUICK)
    rows = told.segments.tables.rows
    assert {ACTIVITY, BREADTH, TASTE, TENURE, BEHAVIOUR} == set(rows["attribute"])
    assert set(rows["family"]) == {"exploratory"}
    assert {"ndcg", "recall", "miscalibration_js", "miscalibration_kl"} == set(rows["metric"])
    assert told.groups.rows.empty
    assert told.exit_code == 2
    document = told.document()
    assert document["segments"]["described"]
    assert {row["attribute"] for row in document["popularity_by_group"]} == set(rows["attribute"])


def test_a_plan_may_name_a_segment_and_then_it_counts() -> None:
    told = run_audit(world(), QUICK.model_copy(update={"attributes": (ACTIVITY,)}))
    assert set(told.groups.rows["attribute"]) == {ACTIVITY}
    assert "confirmatory" in set(told.groups.rows["family"])
    assert ACTIVITY not in set(told.segments.tables.rows["attribute"])


def test_segments_stand_beside_given_attributes_and_never_replace_one_of_their_name() -> None:
    tables = world()
    people = tables.train["user_id"].unique()
    given_one = pd.Series(np.where(np.arange(len(people)) % 2, "x", "y"), index=people)
    told = run_audit(replace(tables, groups={ACTIVITY: given_one}), QUICK)
    assert set(told.groups.rows["attribute"]) == {ACTIVITY}
    assert set(told.groups.rows["group"]) >= {"x", "y"}
    assert f"{ACTIVITY}, from histories" in set(told.segments.tables.rows["attribute"])


def test_popularity_of_small_groups_is_held_back() -> None:
    tables = world()
    per_user = run_audit(tables, QUICK).per_user
    labels = pd.Series("many", index=per_user.index)
    labels.iloc[:4] = "few"
    labels.iloc[4:40] = "some"
    rows = popularity_by_group(per_user, {"size": labels}, QUICK).set_index("group")
    assert rows.loc["few", ["profile", "lists", "lift"]].isna().all()
    assert rows.loc["some", ["profile", "lists", "lift"]].isna().all()  # with it 'few' could be worked out
    assert rows["reason"].str.startswith("Not shown").sum() >= 2
    whole = popularity_by_group(per_user, {"all": pd.Series("all", index=per_user.index)}, QUICK).iloc[0]
    assert whole["lift"] == pytest.approx(popularity_lift(per_user)["all"])
    assert whole["low"] < whole["lift"] < whole["high"]


ANCHORS = {  # methods 3.2: niche, diverse, blockbuster, to two digits
    "linear": (1.01, 0.67, 0.42),
    "popularity": (2.15, 1.32, 0.86),
    "pure-svd": (0.81, 0.57, 0.40),
    "item-neighbours": (0.68, 0.46, 0.25),
    "random": (-0.65, -0.73, -0.77),
}


@pytest.mark.parametrize("name", ANCHORS)
def test_popularity_lift_of_five_models_on_the_published_split(name: str, ml100k_folder) -> None:
    """The lists by plain numpy, so that only the measure is ours; random lists are random, so to three hundredths."""
    training, test = published_split(ml100k_folder)
    x = (training.matrix > 0).astype(float).toarray()
    lists = ranked(scores(name, x), x)
    train = pd.DataFrame(
        {
            "user_id": training.users.values[training.matrix.nonzero()[0]],
            "item_id": training.items.values[training.matrix.nonzero()[1]],
        }
    )
    rows = pd.DataFrame(
        {
            "user_id": np.repeat(training.users.values, 10),
            "item_id": training.items.values[lists.ravel()],
            "rank": np.tile(range(1, 11), len(x)),
        }
    )
    c = Coded.of(rows, test, train, training.content, k=10)
    per_user = beyond(c, training.content, {}, head="items")
    told = popularity_by_group(per_user, {TASTE: taste_groups(c)}, Plan.of({"draws": 100})).set_index("group")
    order = ["niche", "diverse", "blockbuster"]
    assert told.loc[order, "profile"].tolist() == pytest.approx([0.1183, 0.1616, 0.2055], abs=6e-5)
    assert told.loc[order, "lift"].tolist() == pytest.approx(ANCHORS[name], abs=0.03 if name == "random" else 0.006)


def scores(name: str, x: np.ndarray) -> np.ndarray:
    if name == "popularity":
        return np.tile(x.sum(axis=0), (len(x), 1))
    if name == "random":
        return np.random.default_rng(0).random(x.shape)
    if name == "pure-svd":
        _, _, v = np.linalg.svd(x, full_matrices=False)
        return x @ v[:15].T @ v[:15]
    gram = x.T @ x
    if name == "linear":
        p = np.linalg.inv(gram + 458 * np.eye(len(gram)))
        b = -p / np.diag(p)
        np.fill_diagonal(b, 0)
        return x @ b
    norm = np.sqrt(np.diag(gram))
    similar = gram / (np.outer(norm, norm) + 1e-6)
    np.fill_diagonal(similar, 0)
    least = np.sort(similar, axis=0)[-100]
    return x @ np.where(similar >= least, similar, 0)


def ranked(value: np.ndarray, x: np.ndarray) -> np.ndarray:
    return np.argsort(-np.where(x > 0, -np.inf, value), axis=1, kind="stable")[:, :10]


# -- one provider ----------------------------------------------------------------------------------------------------


def test_the_detail_of_a_provider_is_counted_by_hand() -> None:
    tables = world()
    people = tables.train["user_id"].unique()
    groups = {"half": pd.Series(np.where(np.arange(len(people)) % 2, "x", "y"), index=people)}
    told = provider_details(coded(tables), tables.items, tables.kinds, groups, QUICK)
    mine = tables.recommendations.merge(tables.items, left_on="item_id", right_index=True)
    for name, detail in told.items():
        rows = mine[mine["provider"] == name]
        assert detail["reached"] == rows["user_id"].nunique()
        assert detail["people"] == len(people)
        assert detail["ranks"] == [int((rows["rank"] == rank).sum()) for rank in range(1, 6)]
        assert detail["n_items"] == (tables.items["provider"] == name).sum()
        assert detail["never"] == detail["n_items"] - rows["item_id"].nunique()
        best = detail["items"][0]
        assert best["lists"] == (rows["item_id"] == best["item_id"]).sum()
        assert best["mean_rank"] == pytest.approx(rows.loc[rows["item_id"] == best["item_id"], "rank"].mean())
        for row in detail["groups"]["half"]:
            inside = rows[rows["user_id"].map(groups["half"]) == row["group"]]["user_id"].nunique()
            assert row["reached"] in (inside, None)
            assert row["people"] == (groups["half"] == row["group"]).sum()


def test_a_provider_that_reaches_few_of_a_group_does_not_say_how_many() -> None:
    users = [f"u{n:02d}" for n in range(60)]
    items = pd.DataFrame({"provider": ["a", "b"]}, index=["1", "2"])
    lists = pd.DataFrame({"user_id": users, "item_id": ["1"] * 25 + ["2"] * 35, "rank": 1})
    labels = pd.Series(["x"] * 22 + ["y"] * 20 + ["z"] * 18, index=users)  # of 'a': 22 x, 3 y, no z
    c = Coded.of(lists, lists[["user_id", "item_id"]], None, items, k=1)
    rows = provider_details(c, items, {}, {"g": labels}, QUICK)["a"]["groups"]["g"]
    told = {row["group"]: row["reached"] for row in rows}
    assert told["y"] is None
    assert told["z"] is None  # nobody of a group is a small cell too
    assert told["x"] is None  # 22 of 22: those not reached are few, and it would tell the others


def test_nearly_all_of_a_group_is_a_small_cell_too() -> None:
    users = [f"u{n:03d}" for n in range(130)]
    labels = pd.Series(["x"] * 30 + ["y"] * 40 + ["z"] * 60, index=users)
    sees = np.concatenate([np.arange(30) < 28, np.arange(40) < 20, np.arange(60) < 25])
    items = pd.DataFrame({"provider": ["a", "b"]}, index=["1", "2"])
    lists = pd.DataFrame({"user_id": users, "item_id": np.where(sees, "1", "2"), "rank": 1})
    c = Coded.of(lists, lists[["user_id", "item_id"]], None, items, k=1)
    rows = provider_details(c, items, {}, {"g": labels}, QUICK)["a"]["groups"]["g"]
    told = {row["group"]: row["reached"] for row in rows}
    assert told["x"] is None  # the two who do not see it
    assert [told["y"], told["z"]].count(None) == 1  # one more, or the total would tell


def test_the_detail_is_read_from_the_document() -> None:
    document = run_audit(world(), QUICK).document()
    assert provider_detail(document, "a")["people"] == 240
    with pytest.raises(NotFound, match="'z'"):
        provider_detail(document, "z")
    assert provider_details(coded(world()), world().items[["genre"]], KINDS, {}, QUICK) == {}


def test_share_of_genres_is_what_segments_are_made_of() -> None:
    tables = world()
    c = coded(tables)
    table, names = memberships(tables.items, "genre", c.items, tables.kinds)
    shares = share_rows(sparse.csr_array(c.history @ table)).toarray()
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert names == [f"g{n}" for n in range(9)]
