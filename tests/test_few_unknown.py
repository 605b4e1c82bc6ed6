"""Few people of unknown group: their number is told, and no shown number tells what their values are."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from audit.inference.cells import Cells
from audit.inference.closer import look_closer
from audit.inference.comparing import compare
from audit.inference.summed import determined, hidden_values
from audit.inference.suppression import hidden_cells
from audit.inference.withheld import exported_cells
from audit.plan import Plan
from audit.segment_side import popularity_by_group

K = 10
TOTAL = ("total",)
Key = tuple[str, ...]
Row = tuple[dict[Key, float], float]  # weights of sums over people, and what they come to


class Reader:
    """Sums over people as variables, and every equation that a reader of the tables can write down."""

    def __init__(self, people: pd.DataFrame, values: pd.Series) -> None:
        self.people, self.values = people, values
        self.rows: list[Row] = []
        self.names: list[Key] = [TOTAL]
        names = {name: [*sorted(set(people[name]) - {"unknown"}), "unknown"] for name in people}
        for name, groups in names.items():
            mine: list[Key] = [(name, group) for group in groups]
            self.adds_up(mine, TOTAL)
        for first, second in [(a, b) for a in names for b in names if a < b]:
            cells = {(a, b): (first, second, a, b) for a in names[first] for b in names[second]}
            for name, place in ((first, 0), (second, 1)):
                for group in names[name]:
                    self.adds_up([key for pair, key in cells.items() if pair[place] == group], (name, group))

    def adds_up(self, parts: list[Key], whole: Key) -> None:
        self.names += parts
        self.rows.append(({**dict.fromkeys(parts, 1.0), whole: -1.0}, 0.0))

    def members(self, key: Key) -> pd.Series:
        half = len(key) // 2
        return (self.people[[*key[:half]]] == [*key[half:]]).all(axis=1)

    def true(self, key: Key) -> float:
        return float(self.values[self.members(key)].sum()) if key != TOTAL else float(self.values.sum())

    def count(self, key: Key) -> int:
        return int(self.members(key).sum()) if key != TOTAL else len(self.people)

    def tells(self, key: Key, total: float) -> None:
        self.rows.append(({key: 1.0}, total))

    def gap(self, key: Key, gap: float) -> None:
        """The group's mean less that of everybody else, as the documentation says who that is."""
        half = len(key) // 2
        inside = [each for each in dict.fromkeys(self.names) if len(each) == len(key) and each[:half] == key[:half]]
        blank = [each for each in inside if "unknown" in each[half:]]
        neither = [each for each in blank if set(each[half:]) == {"unknown"}]
        n_blank, n_neither = (sum(map(self.count, each)) for each in (blank, neither))
        few = 0 < n_blank < K or 0 < n_neither < K
        rest = [each for each in inside if each != key and (few or each not in blank)]
        n, n_rest = self.count(key), sum(map(self.count, rest))
        self.rows.append(({key: 1 / n, **dict.fromkeys(rest, -1 / n_rest)}, gap))

    def solved(self) -> set[Key]:
        """What follows from the equations alone; every equation is true."""
        names = list(dict.fromkeys(self.names))
        matrix = np.zeros((len(self.rows), len(names)))
        for line, (weights, _) in enumerate(self.rows):
            for key, weight in weights.items():
                matrix[line, names.index(key)] = weight
        right = np.array([each for _, each in self.rows])
        np.testing.assert_allclose(matrix @ [self.true(name) for name in names], right, atol=1e-8)
        rank = np.linalg.matrix_rank(matrix, tol=1e-9)
        rows = np.eye(len(names))
        return {
            name
            for name, row in zip(names, rows, strict=True)
            if np.linalg.matrix_rank(np.vstack([matrix, row]), tol=1e-9) == rank
        }


def world(seed: int, n: int, **chances: list[float]) -> tuple[pd.DataFrame, dict[str, pd.Series], pd.DataFrame]:
    """People with random attributes; the first chance of each is that of no label."""
    rng = np.random.default_rng(seed)
    index = pd.Index([f"u{each}" for each in range(n)], dtype=object)
    groups = {}
    for name, odds in chances.items():
        drawn = rng.choice(len(odds), n, p=np.array(odds) / sum(odds)).astype(str)
        groups[name] = pd.Series(np.where(drawn == "0", None, drawn), index=index)
    names = ("ndcg", "list_popularity", "profile_popularity")
    per_user = pd.DataFrame(rng.random((n, 3)), index=index, columns=list(names))
    return per_user, groups, pd.DataFrame(groups).fillna("unknown")


def told(tables: dict[str, pd.DataFrame]) -> Iterator[tuple[str, Key, dict[str, object]]]:
    for name, table in tables.items():
        for row in table.to_dict("records"):
            if name == "intersections":
                yield name, (row["first"], row["second"], row["first_group"], row["second_group"]), row
            elif name in ("groups", "directions", "equivalence", "unknowns"):
                yield name, (row["attribute"], row["group"]), row


def few_and_open(reader: Reader) -> set[Key]:
    """Groups and cells of one to nine people whose sum follows."""
    return {key for key in reader.solved() if key != TOTAL and 0 < reader.count(key) < K}


GAPS = ("gap", "adjusted_gap", "person_gap", "pooled_gap", "stratified_gap")  # one stratum, equal weights: all the same


@given(
    st.integers(0, 10_000),
    st.integers(60, 400),
    st.lists(st.floats(0.002, 0.06), min_size=3, max_size=3),
    st.lists(st.floats(0.01, 1), min_size=2, max_size=4),
    st.sampled_from([None, ()]),
)
@example(
    402,
    346,
    [0.05031231205518882, 0.04403836979299179, 0.04572556250116442],
    [0.6367860482538459, 0.5705055609388785],
    None,
)
@example(
    6925,
    277,
    [0.04869318032241056, 0.05789291062500831, 0.010730440164428293],
    [0.8957687035742118, 0.42848973787598293],
    None,
)
@settings(max_examples=10, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_no_value_of_few_people_follows_from_the_tables(
    seed: int, n: int, unlabelled: list[float], odds: list[float], crossed: tuple[()] | None
) -> None:
    a, b, c = unlabelled
    per_user, groups, people = world(seed, n, a=[a, 1, 1], b=[b, *odds], c=[c, 0.5, 0.02, 0.4])
    plan = Plan.of({"exploratory": [], "draws": 100, "equivalence": True, "intersections": crossed})
    tables, closer = look_closer(per_user, groups, pd.Series(7, index=per_user.index), plan)
    reader = Reader(people, per_user["ndcg"])
    reader.tells(TOTAL, float(per_user["ndcg"].sum()))
    assert (tables.rows.dropna(subset=["n"]).groupby("attribute")["n"].sum() <= n).all()
    for name, key, row in told({"groups": tables.rows, **closer.tables}):
        if "value" in row and pd.notna(row["value"]):
            reader.tells(key, row["n"] * row["value"])
        for gap in (row[each] for each in GAPS if each in row and pd.notna(row[each])):
            if key[-1] != "unknown":
                reader.gap(key, gap)
        if name == "unknowns" and 0 < reader.count((key[0], "unknown")) < K:
            assert pd.isna([row["lower"], row["upper"]]).all(), "the bounds are sums over the unknown"
    single = {name for name in people if people[name][people[name] != "unknown"].nunique() < 2}
    assert not {key for key in few_and_open(reader) if not single & set(key)}


@given(st.integers(0, 10_000), st.sampled_from(["best", "largest", "rest"]), st.sampled_from([None, ()]))
@settings(max_examples=10, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_nor_who_was_selected_from_impact_ratios(seed: int, reference: str, crossed: tuple[()] | None) -> None:
    per_user, groups, people = world(seed, 300, a=[0.01, 1, 1, 0.6], b=[0.01, 1, 1])
    ratios = {"impact_ratio": "scoring", "impact_reference": reference, "intersections": crossed}
    plan = Plan.of({"exploratory": [], "draws": 100, **ratios})
    _, closer = look_closer(per_user, groups, pd.Series(7, index=per_user.index), plan)
    chosen = (per_user["ndcg"] > per_user["ndcg"].median()).astype(float)
    reader = Reader(people, chosen)
    reader.tells(TOTAL, float(chosen.sum()))
    for row in closer.tables["impact_ratios"].to_dict("records"):
        key = (row["attribute"], row["group"])
        if " × " in row["attribute"]:
            if row["group"] == "unknown":
                continue
            key = (*row["attribute"].split(" × "), *row["group"].split(" × "))
        if pd.notna(row["selected"]):
            reader.tells(key, row["selected"])
        if pd.notna(row["ratio"]) and reference == "rest" and len(key) == 2:
            others = [each for each in dict.fromkeys(reader.names) if len(each) == 2 and each[0] == key[0]]
            few = 0 < reader.count((key[0], "unknown")) < K
            rest = [each for each in others if each != key and (few or each[1] != "unknown")]
            n, n_rest = reader.count(key), sum(map(reader.count, rest))
            reader.rows.append(({key: float(n_rest), **dict.fromkeys(rest, -row["ratio"] * n)}, 0.0))
    assert not few_and_open(reader)


@pytest.fixture(scope="module")
def one_unlabelled() -> tuple[pd.DataFrame, dict[str, pd.Series], pd.DataFrame]:
    per_user, groups, people = world(3, 200, gender=[0, 1, 1.2])
    groups["gender"].iloc[0] = None
    people.iloc[0] = "unknown"
    return per_user, groups, people


def test_one_person_without_a_label(one_unlabelled) -> None:
    """The number is told; the total less the shown groups is two groups together; bounds and popularity say nothing."""
    per_user, groups, people = one_unlabelled
    plan = Plan.of({"exploratory": [], "draws": 100})
    tables, closer = look_closer(per_user, groups, pd.Series(7, index=per_user.index), plan)
    rows = tables.rows.set_index("group")
    counts = people["gender"].value_counts()
    assert rows["n"].to_dict() == counts.to_dict()
    assert rows["value"].isna().to_dict() == {"1": True, "2": False, "unknown": True}, "the smaller of two goes with it"
    assert rows.loc["1", "reason"].startswith(rows.loc["unknown", "reason"])
    left = per_user["ndcg"].sum() - rows.loc["2", "n"] * rows.loc["2", "value"]
    assert left == pytest.approx(per_user["ndcg"][people["gender"] != "2"].sum())
    others = per_user["ndcg"][people["gender"] != "2"].mean()
    assert rows.loc["2", "gap"] == pytest.approx(rows.loc["2", "value"] - others), "everybody else is all of them"
    assert closer.tables["unknowns"][["lower", "upper"]].isna().all().all()
    assert closer.tables["unknowns"]["n_unknown"].tolist() == [1, 1]
    popularity = popularity_by_group(per_user, groups, plan).set_index("group")
    assert popularity["n"].to_dict() == counts.to_dict()
    assert popularity.loc[["1", "unknown"], ["profile", "lists", "lift", "low", "high"]].isna().all().all()


def test_one_person_without_a_label_beside_two_models(one_unlabelled) -> None:
    per_user, groups, _ = one_unlabelled
    other = per_user.assign(ndcg=per_user["ndcg"].to_numpy()[::-1])
    plan = Plan.of({"exploratory": [], "draws": 100})
    rows = compare({"a": per_user, "b": other}, groups, plan).set_index("group")
    assert rows["difference"].isna().to_dict() == {"": False, "1": True, "2": False}


def test_ten_people_without_a_label_are_a_group_of_their_own() -> None:
    per_user, groups, people = world(3, 200, gender=[0, 1, 1.2])
    groups["gender"].iloc[:10] = None
    people.iloc[:10] = "unknown"
    rows = look_closer(per_user, groups, pd.Series(7, index=per_user.index), Plan.of({"exploratory": [], "draws": 100}))
    rows = rows[0].rows.set_index("group")
    assert rows["value"].notna().all()
    mean = per_user["ndcg"].groupby(people["gender"]).mean()
    assert rows.loc["1", "gap"] == pytest.approx(mean["1"] - mean["2"])


def test_one_person_of_no_group_at_all_is_not_told_by_the_others_of_unknown_cell() -> None:
    """15 are of unknown a, 15 of unknown b, one of both: the sums of the three give the one."""
    rng = np.random.default_rng(0)
    a, b = (pd.Series(rng.choice([*names], 300), name=name) for name, names in (("a", "xy"), ("b", "pq")))
    a[:15] = b[14:29] = "unknown"
    keys, cells = exported_cells({"a": a, "b": b}, [("a", "b")], np.ones(300, dtype=bool))
    counts = hidden_cells(cells, K)
    values = hidden_values(cells, counts, K)
    both, blank = keys.index(("a", "b", "unknown", "unknown")), keys.index(("a", "b", "unknown"))
    assert cells.counts[[both, blank]].tolist() == [1, 29]
    assert determined(cells, counts)[both]
    assert values[blank]
    assert not determined(cells, values)[both]


def test_hidden_values_by_hand() -> None:
    """1 unknown beside 60 and 139: the 60 go with it; where a small group is hidden already, nobody else has to."""
    counts = np.array([200, 60, 139, 1])
    cells = Cells(counts, [(0, np.array([1, 2, 3]))], np.array([3, 1, 1, 2]), np.ones(4, dtype=bool))
    none = np.zeros(4, dtype=bool)
    assert hidden_values(cells, none, K).tolist() == [False, True, False, True]
    already = np.array([False, False, True, False])
    assert hidden_values(cells, already, K).tolist() == [False, False, True, True]
    assert determined(cells, np.array([False, False, False, True])).tolist() == [False, False, False, True]
    assert not determined(cells, np.array([False, True, False, True])).any()
