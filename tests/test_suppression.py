"""What a reader of all exported tables can work out about the counts that are held back: linear programs, and by hand."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from audit.inference.cells import Cells
from audit.inference.closer import look_closer
from audit.inference.suppression import feasible, hidden_cells, sticky
from audit.inference.withheld import exported_cells
from audit.plan import Plan
from data.build import build
from data.demo import demo_source

K = 10
NO_SUCH_CELL = "fewer than 10 people"


def shown(n: int, seed: int, **attributes: list[float]) -> tuple[dict[str, pd.DataFrame], pd.DataFrame, int]:
    """Tables that an audit of people with random attributes shows; an attribute is the chances of its groups."""
    rng = np.random.default_rng(seed)
    index = pd.Index([f"u{each}" for each in range(n)], dtype=object)
    groups = {}
    for name, chances in attributes.items():
        drawn = rng.choice(len(chances), n, p=np.array(chances) / sum(chances)).astype(str)
        groups[name] = pd.Series(np.where(drawn == "0", None, drawn), index=index)  # the first chance is of no label
    per_user = pd.DataFrame({"ndcg": rng.random(n)}, index=index)
    plan = Plan.of({"exploratory": [], "draws": 100, "impact_ratio": "scoring", "equivalence": True})
    tables, closer = look_closer(per_user, groups, pd.Series(rng.integers(1, 50, n), index=index), plan)
    people = pd.DataFrame(groups).fillna("unknown")
    return {"groups": tables.rows, **closer.tables}, people, n


def nothing_else_is_told(tables: dict[str, pd.DataFrame], total: int) -> None:
    """The other tables name the same counts, and no more."""
    rows = tables["groups"]
    told = {(row["attribute"], row["group"]): row["n"] for row in rows.to_dict("records")}
    for row in tables["intersections"].to_dict("records"):
        told[f"{row['first']} × {row['second']}", f"{row['first_group']} × {row['second_group']}"] = row["n"]
    for name in ("directions", "equivalence", "impact_ratios"):
        for row in tables[name].dropna(subset=["n"]).to_dict("records"):
            key = (row["attribute"], row["group"])
            assert key not in told or told[key] == row["n"], f"{name} tells what the group table holds back"
    unknown = tables["unknowns"].dropna(subset=["n_unknown"])
    assert (unknown["n_known"] + unknown["n_unknown"] == total).all()


def what_a_reader_knows(tables: dict[str, pd.DataFrame], total: int) -> tuple[list[tuple], np.ndarray, np.ndarray]:
    """Every count of the exported tables as a variable, and every equation a reader can write down: A x = b."""
    cells: dict[tuple, int | None] = {("total",): total}
    for row in tables["groups"].to_dict("records"):
        cells[row["attribute"], row["group"]] = None if pd.isna(row["n"]) else int(row["n"])
    for row in tables["intersections"].to_dict("records"):
        key = (row["first"], row["second"], row["first_group"], row["second_group"])
        cells[key] = None if pd.isna(row["n"]) else int(row["n"])
    names = list(cells)
    place = {name: n for n, name in enumerate(names)}
    rows, right = [], []

    def equation(parts: list[tuple], whole: tuple | None = None, value: int | None = None) -> None:
        row = np.zeros(len(names))
        row[[place[part] for part in parts]] = 1
        if whole is not None:
            row[place[whole]] = -1
        rows.append(row)
        right.append(0 if value is None else value)

    for attribute in dict.fromkeys(tables["groups"]["attribute"]):
        equation([name for name in names if len(name) == 2 and name[0] == attribute], ("total",))
    for first, second in dict.fromkeys(
        zip(tables["intersections"]["first"], tables["intersections"]["second"], strict=True)
    ):
        inside = [name for name in names if len(name) == 4 and name[:2] == (first, second)]
        for group in dict.fromkeys(name[2] for name in inside):
            equation([name for name in inside if name[2] == group], (first, group))
        for group in dict.fromkeys(name[3] for name in inside):
            equation([name for name in inside if name[3] == group], (second, group))
    for row in tables["impact_ratios"].to_dict("records"):
        pair = tuple(row["attribute"].split(" × "))
        if len(pair) == 2 and row["group"] == "unknown" and pd.notna(row["n"]):
            equation(
                [name for name in names if len(name) == 4 and name[:2] == pair and "unknown" in name[2:]],
                value=row["n"],
            )
    for name, value in cells.items():
        if value is not None:
            equation([name], value=value)
    return names, np.array(rows), np.array(right, dtype=float)


def spans(tables: dict[str, pd.DataFrame], total: int) -> dict[tuple, tuple[float, float]]:
    """Least and greatest value of every count that is held back."""
    names, matrix, right = what_a_reader_knows(tables, total)
    told = {
        names[int(np.flatnonzero(row)[0])] for row in matrix if (row != 0).sum() == 1
    }  # by a table, or by a sum of one
    found = {}
    for n, name in enumerate(names):
        if name not in told:
            goal = np.zeros(len(names))
            goal[n] = 1
            ends = [linprog(sign * goal, A_eq=matrix, b_eq=right, bounds=(0, None)) for sign in (1, -1)]
            assert all(end.status == 0 for end in ends)
            found[name] = (ends[0].fun, -ends[1].fun)
    return found


@given(st.integers(0, 10_000), st.integers(60, 400), st.lists(st.floats(0.01, 1), min_size=2, max_size=4))
@settings(max_examples=6, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_no_count_that_is_held_back_can_be_worked_out(seed: int, n: int, chances: list[float]) -> None:
    tables, people, total = shown(n, seed, a=[0.1, 1, 1], b=[0.0, *chances], c=[0.05, 0.5, 0.02, 0.4])
    nothing_else_is_told(tables, total)
    held = spans(tables, total)
    single = {name for name in people if people[name][people[name] != "unknown"].nunique() < 2}
    for key, (low, high) in held.items():
        true = (
            (people[[*key[:2]]] == [*key[2:]]).all(axis=1).sum() if len(key) == 4 else (people[key[0]] == key[1]).sum()
        )
        assert low - 1e-6 <= true <= high + 1e-6, "the reader's equations are true"
        both_unknown = key[2:] == ("unknown", "unknown")  # the numbers of unknown people, which are told, give it
        if not single & set(key) and not both_unknown:
            assert high - low >= K - 1e-6, (key, true)
    for table in ("groups", "intersections"):
        few = tables[table]["n"].dropna()
        names = tables[table].loc[few.index]
        known = names["group"] != "unknown" if table == "groups" else pd.Series(True, index=names.index)
        assert (few[known] >= K).all(), "every small count is held back"


def test_large_groups_are_not_hidden_for_the_sake_of_small_crossed_cells() -> None:
    """The demo world: every pair of six attributes crossed, with crossed cells of one to nine people in many rows."""
    dataset, sensitive = build(demo_source(), "demo")
    every = {str(name): column for name, column in (*dataset.users.items(), *sensitive.items())}
    labels = {name: column.astype(object).where(column.notna(), "unknown") for name, column in every.items()}
    pairs = list(combinations(sorted(labels), 2))
    keys, cells = exported_cells(labels, pairs, np.ones(len(dataset.users), dtype=bool))
    hidden = hidden_cells(cells, K)
    small = (cells.counts < K) & (cells.rank <= 0)
    assert small.sum() > 20
    assert hidden[small].all()
    assert not [key for key, gone in zip(keys, hidden, strict=True) if gone and len(key) == 2]
    assert hidden.sum() < 2.5 * small.sum()


def test_the_oracle_can_fail() -> None:
    """Small cells alone are not enough: the sums give them away."""
    tables, _, total = shown(300, 1, a=[0.0, 1, 1], b=[0.0, 1, 1, 0.03])
    raw = tables["groups"].copy()
    people = {"1": 150, "2": 145, "3": 5}
    raw.loc[raw["attribute"] == "b", "n"] = [people["1"], people["2"], pd.NA]
    tables = {**{name: tables[name].iloc[:0] for name in tables}, "groups": raw[raw["attribute"] == "b"]}
    assert spans(tables, total) == {("b", "3"): (pytest.approx(5), pytest.approx(5))}


def two_way(counts: np.ndarray) -> Cells:
    """A table of crossed groups with its margins and total, all of them public where they are not small."""
    n_rows, n_columns = counts.shape
    first = 1 + n_rows + n_columns
    places = first + np.arange(counts.size).reshape(counts.shape)
    margins = [(1 + row, places[row]) for row in range(n_rows)]
    margins += [(1 + n_rows + column, places[:, column]) for column in range(n_columns)]
    sums = [(0, 1 + np.arange(n_rows)), (0, 1 + n_rows + np.arange(n_columns))]
    every = np.concatenate([[counts.sum()], counts.sum(axis=1), counts.sum(axis=0), counts.ravel()])
    rank = np.concatenate([[3], np.ones(first - 1, dtype=int), np.zeros(counts.size, dtype=int)])
    return Cells(every, [*sums, *margins], rank, rank > 0)


def test_a_classic_table_by_hand() -> None:
    """One small cell of a 2 x 3 table takes a rectangle of four, and no more."""
    cells = two_way(np.array([[4, 60, 70], [50, 80, 90]]))
    hidden = hidden_cells(cells, K)[6:].reshape(2, 3)
    assert hidden.sum() == 4
    assert hidden[0, 0]
    assert hidden.sum(axis=0).tolist().count(2) == 2
    whole = np.append(np.zeros(6, dtype=bool), hidden.ravel())
    low, high = feasible(cells, whole, K)
    assert (low[6], high[6]) == (0, pytest.approx(min(4 + 60, 4 + 50)))


def test_exact_bounds_equal_the_count_of_all_whole_tables() -> None:
    """Every table of whole numbers with the shown cells and sums, one by one."""
    counts = np.array([[3, 11, 20], [12, 10, 30]])
    cells = two_way(counts)
    hidden = hidden_cells(cells, K)
    low, high = feasible(cells, hidden, K)
    inner = hidden[6:].reshape(2, 3)
    assert not hidden[:6].any()
    seen = []
    for top in product(range(24), repeat=int(inner[0].sum())):
        table = counts.copy()
        table[0, inner[0]] = top
        table[1] = counts.sum(axis=0) - table[0]
        if (
            table[0].sum() == counts[0].sum()
            and (table >= 0).all()
            and (table[1][~inner[1]] == counts[1][~inner[1]]).all()
        ):
            seen.append(table.ravel())
    assert seen
    np.testing.assert_allclose(low[6:], np.min(seen, axis=0), atol=1e-6)
    np.testing.assert_allclose(high[6:], np.max(seen, axis=0), atol=1e-6)
    assert ((np.max(seen, axis=0) - np.min(seen, axis=0))[inner.ravel()] >= K).all()


@st.composite
def trees_of_sums(draw: st.DrawFn) -> tuple[Cells, np.ndarray]:
    """Sums of sums without a ring: a total is parted, and some parts again."""
    counts, relations, told = [draw(st.integers(0, 60))], [], [True]
    for _ in range(draw(st.integers(1, 5))):
        whole = draw(st.integers(0, len(counts) - 1))
        if any(whole == each for each, _ in relations):
            continue
        left, parts = counts[whole], []
        for last in (*[False] * draw(st.integers(0, 3)), True):
            part = left if last else draw(st.integers(0, left))
            parts.append(len(counts))
            counts.append(part)
            told.append(draw(st.booleans()))
            left -= part
        relations.append((whole, np.array(parts)))
    hidden = np.array([draw(st.booleans()) for _ in counts])
    return Cells(np.array(counts), relations, np.ones(len(counts), dtype=int), np.array(told)), hidden


def ends_are_those_of_literal_programs(cells: Cells, hidden: np.ndarray) -> None:
    """All cells are variables, the shown ones fixed; one program for the least and one for the greatest of each."""
    low, high = feasible(cells, hidden, K)
    matrix = np.zeros((len(cells.relations), len(cells.counts)))
    for row, (whole, parts) in enumerate(cells.relations):
        matrix[row, whole], matrix[row, parts] = -1, 1
    free = [(K if sure and count >= K else 0, None) for count, sure in zip(cells.counts, cells.told, strict=True)]
    bounds = [each if gone else (n, n) for each, gone, n in zip(free, hidden, cells.counts, strict=True)]
    equations = {"A_eq": matrix, "b_eq": np.zeros(len(matrix))} if len(matrix) else {}
    for cell, goal in enumerate(np.eye(len(cells.counts))):
        least, most = (linprog(sign * goal, bounds=bounds, **equations) for sign in (1, -1))
        assert low[cell] == pytest.approx(least.fun, abs=1e-6)
        assert high[cell] == pytest.approx(np.inf if most.status == 3 else -most.fun, abs=1e-6)


@given(trees_of_sums())
@settings(max_examples=150, deadline=None)
def test_ends_along_a_tree_of_sums(drawn: tuple[Cells, np.ndarray]) -> None:
    ends_are_those_of_literal_programs(*drawn)


@pytest.mark.parametrize("seed", range(30))
def test_ends_where_sums_form_rings(seed: int) -> None:
    """Intervals passed along the sums would be too wide here, and call safe what can be worked out."""
    rng = np.random.default_rng(seed)
    cells = two_way(rng.poisson(rng.choice([3, 15], (3, 4))))
    hidden = (cells.rank < 3) & (rng.random(len(cells.counts)) < 0.6)
    ends_are_those_of_literal_programs(cells, hidden)


def test_one_ring_of_two_sums_by_hand() -> None:
    """Of x + y + z = 5 and x + y + w = 4 follows that w is z less one, so z is at least one."""
    counts = np.array([5, 4, 1, 1, 3, 2])
    cells = Cells(counts, [(0, np.array([2, 3, 4])), (1, np.array([2, 3, 5]))], np.zeros(6, dtype=int), counts < 0)
    low, high = feasible(cells, np.arange(6) > 1, K)
    assert low[2:] == pytest.approx([0, 0, 1, 0], abs=1e-6)
    assert high[2:] == pytest.approx([4, 4, 5, 4], abs=1e-6)


def test_nothing_is_hidden_without_a_small_cell_and_little_beside_it() -> None:
    assert not hidden_cells(two_way(np.full((3, 4), 50)), K).any()
    rng = np.random.default_rng(0)
    counts = rng.integers(40, 90, (5, 6))
    counts[2, 3] = 4
    assert hidden_cells(two_way(counts), K).sum() == 4


def test_a_small_group_takes_the_smallest_other_group_with_it_and_the_unknown_stay_told() -> None:
    tables, people, _ = shown(400, 3, a=[0.02, 1, 0.7, 0.02])
    rows = tables["groups"].set_index("group")
    counts = people["a"].value_counts()
    assert counts["3"] < K
    assert rows["n"].isna().to_dict() == {"1": False, "2": True, "3": True, "unknown": False}
    assert rows.loc["unknown", "n"] == counts["unknown"]
    assert NO_SUCH_CELL in rows.loc["3", "reason"]
    assert rows.loc["2", "reason"].startswith(rows.loc["3", "reason"]), "a reader cannot tell which is the small one"
    numbers = [
        "value",
        "low",
        "high",
        "gap",
        "gap_low",
        "gap_high",
        "p",
        "p_adjusted",
        "detectable_gap",
        "adjusted_gap",
    ]
    assert rows.loc[["2", "3"], numbers].isna().all().all()


def test_a_flag_on_a_group_that_is_held_back_stays_and_says_so() -> None:
    rng = np.random.default_rng(0)
    index = pd.Index([f"u{n}" for n in range(605)])
    groups = {"a": pd.Series(["x"] * 300 + ["y"] * 300 + ["z"] * 5, index=index)}
    per_user = pd.DataFrame({"ndcg": np.r_[rng.normal(0.3, 0.05, 300), rng.normal(0.6, 0.05, 305)]}, index=index)
    tables, _ = look_closer(per_user, groups, pd.Series(1, index=index), Plan.of({"exploratory": [], "draws": 200}))
    row = tables.rows.set_index("group").loc[tables.rows.set_index("group")["n"].isna()]
    other = row[row.index != "z"].iloc[0]
    assert (other["state"], row.loc["z", "state"]) == ("flag", "too few to say")
    assert "The answer rests on the numbers that are held back." in other["reason"]
    assert pd.isna(tables.summary.iloc[0]["difference"]), "a difference to a group that is held back would give it away"


def test_measures_of_the_same_people_are_shown_and_hidden_together() -> None:
    rng = np.random.default_rng(0)
    index = pd.Index([f"u{n}" for n in range(300)])
    groups = {"a": pd.Series(["x"] * 200 + ["y"] * 95 + ["z"] * 5, index=index)}
    groups["b"] = pd.Series(rng.choice(["p", "q", "r"], 300), index=index)
    per_user = pd.DataFrame(rng.random((300, 2)), index=index, columns=["ndcg", "recall"])
    plan = Plan.of({"exploratory": ["recall"], "draws": 100})
    rows = look_closer(per_user, groups, pd.Series(1, index=index), plan)[0].rows
    by_metric = rows.assign(hidden=rows["n"].isna()).pivot(
        index=["attribute", "group"], columns="metric", values="hidden"
    )
    assert (by_metric["ndcg"] == by_metric["recall"]).all()
    assert by_metric["ndcg"].any()


# --- two releases of one table (requirements 7.4) -------------------------------------------------------------------


@given(st.integers(0, 10_000), st.integers(1, 9))
@settings(deadline=None)
def test_an_erased_person_cannot_be_read_off_two_releases(seed: int, erased: int) -> None:
    rng = np.random.default_rng(seed)
    before = rng.poisson(30, (40, 3))  # items x groups
    person = np.zeros_like(before)
    person[rng.choice(40, 22, replace=False), 1] = erased
    after = np.maximum(before - person, 0)
    assert ((before - after) > 0).sum() > 15, "without the guard the difference is the person's items"
    assert (sticky(before, after, K) == before).all()


def test_a_release_follows_what_really_changed() -> None:
    before, after = np.array([50, 50, 50, 50]), np.array([41, 40, 59, 60])
    assert sticky(before, after, K).tolist() == [50, 40, 50, 60]
