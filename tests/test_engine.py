"""The engine: equal to literal definitions whatever the lists look like, in any order of rows, streamed or grouped."""

from __future__ import annotations

import math
import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from threading import Event

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fairlearn.metrics import demographic_parity_ratio, equalized_odds_difference
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from audit.engine import streaming
from audit.engine.engines import DuckDB
from audit.engine.facts import Facts
from audit.engine.family import concentration, list_statistics
from audit.engine.providers import providers
from audit.engine.quality import judge
from audit.engine.scan import Scan, scan
from audit.inference.decisions import decision_cells, decision_frame, decisions
from audit.measures import concentration as on
from audit.measures import slopes
from audit.measures.beyond import beyond
from audit.measures.coded import Coded
from audit.measures.counts import Along
from audit.measures.exposure import list_statistics as in_memory
from audit.measures.exposure import provider_exposure
from audit.measures.quality import quality
from data.columns import Kind
from data.errors import BadInput, Cancelled
from tests.audit_world import mean

ROOT = Path(__file__).resolve().parent.parent

MODELS = {"log": lambda r: 1 / math.log2(r + 1), "rbp": lambda r: 0.85 ** (r - 1), "flat": lambda r: 1.0}
UNIT = ("coverage", "gini", "gini_exposure", "entropy_share", "hhi_diversity", "inter_list_diversity", "tail_share")


@dataclass
class Lists:
    """Rows (user, item, rank) of lists with repeats, holes, unknown items and people; ids whole numbers or text."""

    rows: list[tuple[object, object, int]]
    catalogue: list[str]
    maker: dict[str, str | None]
    chosen: Counter[str]
    merit: Counter[str]
    group: dict[str, str | None]
    k: int
    kept: dict[str, list[tuple[str, int]]] = field(init=False)

    def __post_init__(self) -> None:
        self.kept = defaultdict(list)
        for user, item, rank in self.rows:
            if rank <= self.k:
                self.kept[str(user)].append((str(item), rank))

    @property
    def frame(self) -> pd.DataFrame:
        return pd.DataFrame(self.rows, columns=["user_id", "item_id", "rank"])

    @property
    def people(self) -> pd.DataFrame:
        return pd.DataFrame({"kind": self.group.values()}, index=pd.Index(self.group, dtype=object), dtype=object)

    @property
    def items(self) -> pd.DataFrame:
        index = pd.Index(self.catalogue, name="item_id", dtype=object)
        return pd.DataFrame({"maker": [self.maker[i] for i in self.catalogue]}, index=index, dtype=object)

    def scan(self, **options: object) -> Scan:
        return scan(self.frame, self.catalogue, self.people, k=self.k, **options)

    def facts(self, found: Scan) -> Facts:
        counts = (pd.Series(dict(each), dtype=float) for each in (self.chosen, self.merit))
        return Facts.of(found, self.items, {"maker": Kind.CATEGORY}, *counts)

    def key(self, item: str) -> tuple[bool, int]:
        return (item not in self.catalogue, int(item.removeprefix("i")))

    def of_group(self, name: str) -> dict[str, list[tuple[str, int]]]:
        if name == "all":
            return self.kept
        return {user: rows for user, rows in self.kept.items() if (self.group.get(user) or "unknown") == name}


@st.composite
def lists(draw: st.DrawFn, *, repeats: bool = True) -> Lists:
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    whole = draw(st.booleans())
    n_users, n_items, k = draw(st.integers(1, 8)), draw(st.integers(1, 9)), draw(st.integers(1, 6))
    users = [n if whole else f"u{n}" for n in range(n_users)]
    items = [str(n) if whole else f"i{n}" for n in range(n_items)]
    strange = draw(st.booleans())  # are there items that the catalogue does not have?
    shown = [*items, *(["900", "901"] if strange else [])]
    rows: list[tuple[object, object, int]] = []
    for user in users:
        ranks = np.flatnonzero(rng.random(k + 3) < rng.random() * 1.5) + 1
        picked = rng.choice(shown, len(ranks)) if repeats else rng.permutation(shown)[: len(ranks)]
        rows += [(user, int(i) if whole else str(i), int(r)) for i, r in zip(picked, ranks, strict=False)]
    rows = rows or [(users[0], int(items[0]) if whole else items[0], 1)]
    if draw(st.booleans()):
        rows = [rows[n] for n in rng.permutation(len(rows))]
    chosen, merit = (Counter({i: int(rng.integers(0, 5)) for i in items}) for _ in range(2))
    group = {str(user): [None, "a", "b"][rng.integers(0, 3)] for user in users if rng.random() < 0.8}
    maker = {item: [None, "x", "y", "z"][rng.integers(0, 4)] for item in items}
    return Lists(rows, items, maker, chosen, merit, group, k)


def slow_gini(x: list[float]) -> float:
    n, total = len(x), sum(x)
    if n < 2 or not total:
        return math.nan
    return sum(abs(a - b) for a in x for b in x) / (2 * n * (n - 1) * total / n)


def slow_head(world: Lists) -> set[str]:
    held, head = 0, set()
    for item in sorted(world.catalogue, key=lambda i: (-world.chosen[i], world.catalogue.index(i))):
        if held >= 0.8 * world.chosen.total() - 1e-9:
            break
        head.add(item)
        held += world.chosen[item]
    return head


def slow_statistics(world: Lists, group: str, model: str) -> dict[str, float]:
    people = world.of_group(group)
    x = [sum(any(i == item for i, _ in rows) for rows in people.values()) for item in world.catalogue]
    e = [sum(MODELS[model](r) for rows in people.values() for i, r in rows if i == item) for item in world.catalogue]
    n, total = len(x), sum(x)
    shares = [each / total for each in x] if total else []
    entropy = -sum(s * math.log2(s) for s in shares if s) if total else math.nan
    sets = [{i for i, _ in rows} for rows in people.values()]
    head = slow_head(world)
    trained = bool(world.chosen.total())
    return {
        "coverage": mean([float(each > 0) for each in x]),
        "gini": slow_gini([float(each) for each in x]),
        "gini_exposure": slow_gini(e),
        "entropy": entropy,
        "entropy_share": entropy / math.log2(n) if n > 1 else math.nan,
        "hhi_diversity": 1 - sum(s * s for s in shares) if total else math.nan,
        "top_item_share": max(shares) if total else math.nan,
        "inter_list_diversity": mean([1 - len(a & b) / world.k for a, b in combinations(sets, 2)]),
        "average_popularity": mean([mean([float(world.chosen[i]) for i, _ in rows]) for rows in people.values()])
        if trained
        else math.nan,
        "tail_share": mean([mean([float(i not in head) for i, _ in rows]) for rows in people.values()])
        if trained
        else math.nan,
    }


def slow_providers(world: Lists, group: str, model: str) -> dict[str, float]:
    exposed: dict[str, float] = defaultdict(float)
    for rows in world.of_group(group).values():
        for item, rank in rows:
            exposed[world.maker.get(item) or "unknown"] += MODELS[model](rank)
    total = sum(exposed.values())
    return {name: value / total for name, value in exposed.items()}


@given(lists(), st.sampled_from(list(MODELS)))
@settings(max_examples=80, deadline=None)
def test_everything_equals_its_literal_definition(world: Lists, model: str):
    if not world.kept:
        return
    found = world.scan()
    facts = world.facts(found)
    table = concentration(found, facts, model)
    shares = providers(found, facts, "maker", model)
    names = {"all", *(world.group.get(user) or "unknown" for user in world.kept)}
    assert set(table["group"]) == names
    for name in names:
        mine = table[table["group"] == name].set_index("metric")
        expected = slow_statistics(world, name, model)
        assert mine["value"].to_dict() == pytest.approx(expected, abs=1e-12, nan_ok=True), name
        assert (mine["n_lists"] == len(world.of_group(name))).all()
        given = shares[shares["group"] == name].set_index("provider")["exposure_share"]
        slow = slow_providers(world, name, model)
        assert given.to_dict() == pytest.approx({p: slow.get(p, 0.0) for p in given.index}, abs=1e-12)
        assert set(slow) <= set(given.index)
    assert vars(list_statistics(found, facts, model))["gini"] == pytest.approx(
        slow_statistics(world, "all", model)["gini"], nan_ok=True
    )


@given(lists(), st.sampled_from(list(MODELS)))
@settings(max_examples=60, deadline=None)
def test_tables_in_memory_give_the_same_numbers(world: Lists, model: str):
    if not world.kept:
        return
    pairs = [(f"{item}-{n}", item) for item, count in world.chosen.items() for n in range(count)]
    train = pd.DataFrame(pairs, columns=["user_id", "item_id"], dtype=object)
    truth = [(f"{item}-{n}", item) for item, count in world.merit.items() for n in range(count)]
    outcomes = pd.DataFrame(truth, columns=["user_id", "item_id"], dtype=object)
    coded = Coded.of(world.frame, outcomes, train, world.items, k=world.k)
    per_user = beyond(coded, world.items, {})
    found = world.scan()
    facts = world.facts(found)
    slow, fast = in_memory(coded, per_user, model), list_statistics(found, facts, model)
    assert vars(fast) == pytest.approx(vars(slow), abs=1e-12, nan_ok=True)
    one = provider_exposure(coded, world.items, {}, "maker", model).table.drop(columns="n_lists")
    table = providers(found, facts, "maker", model)
    two = table[table["group"] == "all"].set_index("provider")[list(one.columns)]
    assert not one.drop(index=two.index)["exposure_share"].any()  # shown below rank k only
    one = one.loc[two.index]
    pd.testing.assert_frame_equal(two, one, check_names=False, check_index_type=False, rtol=0, atol=1e-12)


@given(lists())
@settings(max_examples=25, deadline=None)
def test_grouping_counts_what_streaming_counts_and_small_batches_count_what_large_ones_do(world: Lists):
    if not world.kept:
        return
    one = world.scan()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streaming, "CELLS", 0)
        two = world.scan()
        patch.setattr(streaming, "CELLS", 10**9)
        patch.setattr(streaming, "_BATCH", 3)
        three = world.scan()
    assert not two.streamed
    for other in (two, three):
        same_counts(one, other)
        assert (one.short_lists, one.skipped_ranks, one.beyond_k) == (
            other.short_lists,
            other.skipped_ranks,
            other.beyond_k,
        )


def attention(found: Scan, weight: np.ndarray) -> np.ndarray:
    """Parts x items, from sums along items of which each is a feature of its own."""
    counts, every = found.counts, np.arange(found.counts.n_parts)
    features = np.random.default_rng(0).random((counts.n_items, 3))
    alone = sparse.csr_array(sparse.identity(counts.n_items, format="csr"))
    (given,), (summed,) = (counts.along(Along(weight, each, every)) for each in (alone, features))
    np.testing.assert_allclose(summed, given @ features, atol=1e-9)
    np.testing.assert_allclose(given.sum(axis=0), counts.total(weight), atol=1e-9)
    return given.toarray()


def same_counts(one: Scan, two: Scan) -> None:
    """The same counts; who is not in the table of people may be in another bucket of the unknown group."""
    assert one.items == two.items
    b = one.counts.buckets
    known = one.counts.n_parts - b

    def rows(table: np.ndarray) -> np.ndarray:
        return np.vstack([table[:known], table[known:].sum(axis=0)])

    for weight in (one.counts.once, 1 / np.log2(np.arange(1, one.counts.k + 1) + 1)):
        np.testing.assert_allclose(rows(attention(one, weight)), rows(attention(two, weight)), atol=1e-12)
    for name in ("repeated", "short"):
        mine, theirs = (rows(getattr(each.counts, name).toarray()) for each in (one, two))
        np.testing.assert_allclose(mine, theirs, atol=1e-12)
    np.testing.assert_allclose(one.counts.distinct(), two.counts.distinct(), atol=1e-12)
    np.testing.assert_array_equal(one.counts.lists[:known], two.counts.lists[:known])
    assert one.counts.lists.sum() == two.counts.lists.sum()


@pytest.mark.parametrize("people", [255, 256, 511, 512, 1500])
def test_a_cell_counts_beyond_what_a_byte_holds(people: int):
    users = np.repeat(np.arange(people), 3)
    frame = pd.DataFrame({"user_id": users, "item_id": np.tile([7, 8, 9], people), "rank": np.tile([1, 2, 3], people)})
    everybody = pd.DataFrame(
        {"group": np.where(np.arange(people) % 2, "odd", "even")}, index=np.arange(people).astype(str)
    )
    found = scan(frame, ["7", "8", "9", "10"], everybody, k=3, buckets=1)
    assert found.streamed
    expected = np.zeros((3, 4))
    expected[:2, :3] = [[(people + 1) // 2] * 3, [people // 2] * 3]
    for rank in range(3):
        np.testing.assert_array_equal(attention(found, np.eye(3)[rank]), expected * (np.arange(4) == rank))
    np.testing.assert_array_equal(found.counts.distinct(), [people, people, people, 0])


@given(lists(), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_names_and_order_of_rows_do_not_matter(world: Lists, random):
    if not world.kept:
        return
    found = world.scan()
    table = concentration(found, world.facts(found))
    users, items = ({str(each[n]) for each in world.rows} for n in (0, 1))
    new_user = dict(zip(sorted(users | set(world.group)), random.sample(range(1000), 1000), strict=False))
    new_item = {item: f"new{n:03}" for n, item in enumerate(sorted({*items, *world.catalogue}, key=world.key))}
    rows = [(f"p{new_user[str(u)]}", new_item[str(i)], r) for u, i, r in world.rows]
    random.shuffle(rows)
    other = Lists(
        rows,
        [new_item[i] for i in world.catalogue],
        {new_item[i]: name for i, name in world.maker.items()},
        Counter({new_item[i]: n for i, n in world.chosen.items()}),
        Counter({new_item[i]: n for i, n in world.merit.items()}),
        {f"p{new_user[u]}": name for u, name in world.group.items()},
        world.k,
    )
    again = other.scan()
    same = concentration(again, other.facts(again))
    np.testing.assert_allclose(same["value"], table["value"], atol=1e-12)


@given(lists())
@settings(max_examples=30, deadline=None)
def test_numbers_and_intervals_stay_in_range_and_twins_change_no_share(world: Lists):
    if not world.kept:
        return
    found = world.scan()
    table = concentration(found, world.facts(found))
    unit = table[table["metric"].isin(UNIT)]
    for column in ("value", "low", "high"):
        known = unit[column].dropna()
        assert ((known >= -1e-12) & (known <= 1 + 1e-12)).all()
    told = table.dropna(subset=["low"])
    assert (told["low"] <= told["value"] + 1e-12).all()
    assert (told["value"] <= told["high"] + 1e-12).all()
    shares = providers(found, world.facts(found), "maker")
    np.testing.assert_allclose(shares.groupby("group")["exposure_share"].sum(), 1)
    twins = [(u + 100 if isinstance(u, int) else f"{u}twin", i, r) for u, i, r in world.rows]
    twice = Lists(
        world.rows + twins, world.catalogue, world.maker, world.chosen, world.merit, world.group, world.k
    ).scan()
    both = providers(twice, world.facts(twice), "maker")
    ours, theirs = (each[each["group"] == "all"]["exposure_share"].to_numpy() for each in (shares, both))
    np.testing.assert_allclose(theirs, ours, atol=1e-12)
    assert twice.counts.lists.sum() == 2 * found.counts.lists.sum()


@given(lists(), st.integers(0, 10**6), st.booleans())
@settings(max_examples=40, deadline=None)
def test_accuracy_equals_that_of_tables_in_memory(world: Lists, seed: int, swapped: bool):
    """Whole-number lists may meet text outcomes, and the other way round."""
    if not world.kept:
        return
    rng = np.random.default_rng(seed)
    users = [*world.group, "77" if world.catalogue[0].isdigit() else "u77"]
    pairs = [(u, i) for u in users for i in world.catalogue if rng.random() < 0.4] or [(users[0], world.catalogue[0])]
    outcomes = pd.DataFrame(pairs * 2, columns=["user_id", "item_id"], dtype=object)
    if swapped and world.catalogue[0].isdigit():
        outcomes = outcomes.astype(np.int64)
    coded = Coded.of(world.frame, outcomes, None, world.items, k=world.k)
    slow = quality(coded).per_user.drop(columns=["ndcg_full_ideal", "n_relevant", "list_length"])
    table = judge(world.frame, outcomes, world.people, k=world.k).table()
    labels = pd.Series({user: world.group.get(user) or "unknown" for user in slow.index})
    for name, mine in table.groupby("group"):
        people = slow if name == "all" else slow[labels == name]
        assert mine.set_index("metric")["value"].to_dict() == pytest.approx(people.mean().to_dict(), abs=1e-12)
        assert (mine["n"] == len(people)).all()
    assert set(table["group"]) == {"all", *labels}


@given(lists(), st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_decisions_from_cells_are_metricframe_over_all_pairs_to_the_last_bit(world: Lists, seed: int):
    if not world.kept:
        return
    rng = np.random.default_rng(seed)
    pairs = [(u, i) for u in world.group for i in world.catalogue if rng.random() < 0.4]
    outcomes = pd.DataFrame(pairs, columns=["user_id", "item_id"], dtype=object)
    coded = Coded.of(world.frame, outcomes, None, world.items, k=world.k)
    table = decision_cells(coded, world.people["kind"])
    people = sorted({*world.kept, *(u for u, _ in pairs)})
    raw = pd.DataFrame(
        [
            (
                world.group.get(u) or "unknown",
                int((u, i) in set(pairs)),
                int(i in {s for s, _ in world.kept.get(u, [])}),
                1,
            )
            for u in people
            for i in world.catalogue
        ],
        columns=["group", "chosen", "recommended", "n"],
    )
    assert len(table) <= 4 * raw["group"].nunique()
    pd.testing.assert_frame_equal(decision_frame(table).by_group, decision_frame(raw).by_group, check_exact=True)
    few, many = decisions(table), decisions(raw)
    assert few.between == pytest.approx(many.between, abs=0, nan_ok=True)
    if (
        raw["chosen"].any()
        and not raw["chosen"].all()
        and few.by_group.notna().all(axis=None)
        and len(few.by_group) > 1
    ):
        options = {"sensitive_features": raw["group"]}
        # nobody recommended: the ratio is 0 / 0 on both sides
        ratio = demographic_parity_ratio(raw["chosen"], raw["recommended"], **options)
        assert few.between["demographic_parity_ratio"] == pytest.approx(ratio, abs=0, rel=0, nan_ok=True)
        odds = equalized_odds_difference(raw["chosen"], raw["recommended"], **options)
        assert few.between["equalized_odds_difference"] == pytest.approx(odds, abs=0, rel=0, nan_ok=True)
    group = raw.groupby("group")
    rate = group["recommended"].mean()
    np.testing.assert_allclose(few.by_group["selection_rate"], rate, atol=1e-12)
    assert few.by_group["pairs"].to_dict() == group.size().to_dict()
    for name, column, value in (("true_positive_rate", "chosen", 1), ("false_positive_rate", "chosen", 0)):
        literal = raw[raw[column] == value].groupby("group")["recommended"].mean().reindex(rate.index)
        np.testing.assert_allclose(few.by_group[name], literal, atol=1e-12)


@given(st.lists(st.integers(1, 400), min_size=4, max_size=12, unique=True), st.integers(2, 50))
@settings(max_examples=60, deadline=None)
def test_slopes_are_the_derivatives_of_their_numbers(values: list[int], more: int):
    x, step = np.array(values, dtype=float), 1e-4
    units = np.eye(len(x)) * step

    def numeric(number) -> list[float]:
        return [(number(x + unit) - number(x - unit)) / (2 * step) for unit in units]

    for number, slope in (
        (on.gini, slopes.gini_slope),
        (on.shannon, slopes.shannon_slope),
        (on.hhi_diversity, slopes.hhi_slope),
        (on.top_share, slopes.top_slope),
    ):
        np.testing.assert_allclose(slope(x), numeric(number), rtol=1e-4, atol=1e-8)
    lists = int(x.max()) + more
    of_items, of_lists = slopes.list_diversity_slopes(x, lists, 5)
    np.testing.assert_allclose(of_items, numeric(lambda y: on.list_diversity(y, lists, 5)), rtol=1e-4, atol=1e-8)
    ends = [on.list_diversity(x, lists + end, 5) for end in (-1e-3, 1e-3)]
    assert of_lists == pytest.approx((ends[1] - ends[0]) / 2e-3, rel=1e-3)


def test_known_people_are_spread_evenly_over_the_buckets(large: Path):
    people = pd.DataFrame({"sex": ["f", "m"] * 30_000}, index=np.arange(60_000).astype(str))
    found = scan(large, ITEMS, people)
    lists = found.counts.lists.reshape(len(found.groups), -1)
    assert found.groups["sex"].tolist() == ["f", "m", "unknown"]
    assert lists.sum(axis=1).tolist() == [30_000, 30_000, 0]
    expected = 30_000 / 32
    chi_square = ((lists[:2] - expected) ** 2 / expected).sum(axis=1)
    assert (chi_square < 70).all()  # 31 degrees of freedom: beyond it once in ten thousand
    table = concentration(found, Facts.of(found, pd.DataFrame(index=pd.Index(ITEMS)))).set_index("metric")
    assert (table.loc["gini", "se"] > 0).all()


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Three files of 200,000 rows each: 60,000 people, ids whole numbers."""
    rng = np.random.default_rng(3)
    for part in range(3):
        users = np.repeat(np.arange(part * 20_000, (part + 1) * 20_000), 10)
        items = np.minimum(rng.zipf(1.3, len(users)) - 1, 4_999)
        rank = np.tile(np.arange(1, 11, dtype=np.int8), 20_000)
        pq.write_table(pa.table({"user_id": users, "item_id": items, "rank": rank}), tmp_path / f"part-{part}.parquet")
    return tmp_path


ITEMS = [str(n) for n in range(5_000)]


def test_files_a_pattern_and_a_folder_are_one_table_and_progress_reaches_1(large: Path):
    told: list[float] = []
    one = scan(str(large / "part-*.parquet"), ITEMS, progress=told.append)
    assert one.streamed
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert (one.n_rows, one.counts.lists.sum()) == (600_000, 60_000)
    same_counts(one, scan(large, ITEMS))
    table = pa.concat_tables([pq.read_table(file) for file in sorted(large.glob("*.parquet"))])
    same_counts(one, scan(table, ITEMS))
    as_text = table.set_column(0, "userId", table["user_id"].cast(pa.string()))
    text = as_text.set_column(1, "movieId", table["item_id"].cast(pa.string()))
    joined = scan(text, ITEMS)
    assert joined.streamed
    same_counts(one, joined)


def test_a_cancelled_scan_ends_and_leaves_nothing(large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    monkeypatch.setattr(streaming, "_BATCH", 10_000)
    stop = Event()
    seen: list[float] = []

    def progress(done: float) -> None:
        seen.append(done)
        if done > 0.2:
            stop.set()

    with pytest.raises(Cancelled, match="cancelled; nothing of it is kept"):
        scan(large, ITEMS, progress=progress, cancel=stop)
    assert max(seen) < 0.9
    assert not list(scratch.iterdir())
    monkeypatch.setattr(streaming, "CELLS", 0)
    with pytest.raises(Cancelled):
        scan(large, ITEMS, cancel=stop)
    assert not list(scratch.iterdir())


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    """A world whose true shares are known: users choose alike, so a small sample's interval should hold the large one's."""
    rng = np.random.default_rng(11)
    n_items, k, people, rounds = 60, 5, 2_000, 120
    popular = 1 / np.arange(1, n_items + 1)
    catalogue = [str(n) for n in range(n_items)]
    items = pd.DataFrame({"maker": [f"m{n % 4}" for n in range(n_items)]}, index=catalogue)

    def lists_of(n: int) -> pd.DataFrame:
        keys = rng.random((n, n_items)) ** (1 / popular)  # Efraimidis and Spirakis: k draws without replacement
        shown = np.argsort(-keys, axis=1)[:, :k]
        return pd.DataFrame(
            {"user_id": np.repeat(np.arange(n), k), "item_id": shown.ravel(), "rank": [*range(1, k + 1)] * n}
        )

    def numbers(n: int) -> pd.DataFrame:
        found = scan(lists_of(n), catalogue, k=k)
        facts = Facts.of(found, items, popularity=pd.Series(range(n_items, 0, -1), index=catalogue))
        share = providers(found, facts, "maker").assign(
            metric=lambda t: t["provider"], value=lambda t: t["exposure_share"]
        )
        return pd.concat([concentration(found, facts), share]).set_index("metric")[["value", "low", "high"]]

    truth = numbers(200_000)["value"]
    inside: Counter[str] = Counter()
    for _ in range(rounds):
        drawn = numbers(people)
        inside.update(drawn.index[(drawn["low"] <= truth) & (truth <= drawn["high"])])
    told = [name for name in truth.index if name not in ("coverage", "top_item_share")]
    covered = {name: inside[name] / rounds for name in told}
    assert min(covered.values()) > 0.87, covered  # 0.95 - 4 standard errors of 120 rounds
    assert 0.9 < mean(list(covered.values())) <= 1, covered


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("user_id", None, "column 'user_id': an id is missing"),
        ("item_id", None, "column 'item_id': an id is missing"),
        ("rank", 0, "a rank must be a whole number from 1"),
        ("rank", None, "a rank must be a whole number from 1"),
        ("rank", 1.5, "a rank must be a whole number from 1"),
        ("rank", 2, "rank that their list has filled already"),
    ],
)
@pytest.mark.parametrize("cells", [10**9, 0])
@pytest.mark.parametrize("as_text", [False, True])
def test_rows_that_cannot_be_counted_are_refused(column, value, message, cells, as_text, monkeypatch):
    monkeypatch.setattr(streaming, "CELLS", cells)
    frame = pd.DataFrame({"user_id": [1, 1, 2], "item_id": [7, 8, 7], "rank": [1, 2, 1]}).astype(object)
    if as_text:
        frame = frame.astype({"user_id": str, "item_id": str}).astype(object)
    frame.loc[0, column] = value
    types = [pa.string() if as_text else pa.int64()] * 2 + [pa.float64()]
    table = pa.table({n: pa.array(frame[n].tolist(), t) for n, t in zip(frame, types, strict=True)})
    with pytest.raises(BadInput, match=message):
        scan(table, ["7", "8"], k=3)


def test_other_bad_input_is_refused_with_a_sentence(tmp_path: Path):
    good = pd.DataFrame({"user_id": [1], "item_id": [7], "rank": [1]})
    for bad, message in (
        (good.drop(columns="rank"), "column 'rank': a needed column is missing"),
        (good.iloc[:0], "there is no recommendation to audit"),
        (good.assign(user_id=1.5), "ids are stored as double"),
        (good.assign(rank="first"), "ranks are stored as"),
    ):
        with pytest.raises(BadInput, match=message):
            scan(bad, ["7"])
    with pytest.raises(BadInput, match="there is no such file"):
        scan(tmp_path / "none-*.parquet", ["7"])
    good.to_parquet(tmp_path / "a.parquet")
    good.astype({"user_id": str}).to_parquet(tmp_path / "b.parquet")
    with pytest.raises(BadInput, match=r"b.parquet: its columns are not those of a.parquet"):
        scan(tmp_path, ["7"])
    with pytest.raises(BadInput, match="1 users have more than one row"):
        scan(good, ["7"], pd.DataFrame({"sex": ["f", "m"]}, index=["1", "1"]))
    with pytest.raises(BadInput, match="must be at least 1"):
        scan(good, ["7"], k=0)


def test_lists_all_below_k_and_all_alike_and_a_group_of_one():
    deep = pd.DataFrame({"user_id": [1, 2], "item_id": [7, 7], "rank": [11, 12]})
    found = scan(deep, ["7"])
    assert (found.counts.lists.sum(), found.beyond_k) == (0, 2)
    table = concentration(found, Facts.of(found, pd.DataFrame(index=["7"])))
    assert table.set_index("metric")["value"].drop("coverage").isna().all()
    alike = pd.DataFrame({"user_id": range(50), "item_id": 7, "rank": 1})
    found = scan(alike, ["7", "8"], pd.DataFrame({"sex": ["f"]}, index=["3"]), k=1)
    table = concentration(found, Facts.of(found, pd.DataFrame(index=["7", "8"]))).set_index(["group", "metric"])
    assert table.loc[("all", "gini"), ["value", "low", "high"]].tolist() == [1, 1, 1]
    assert table.loc[("all", "inter_list_diversity"), "value"] == 0
    assert table.loc[("f", "gini"), "n_lists"] == 1
    assert math.isnan(table.loc[("f", "gini"), "low"])


def test_without_a_catalogue_every_item_named_is_it():
    frame = pd.DataFrame({"user_id": ["a", "a", "b"], "item_id": ["x", "y", "z"], "rank": [1, 2, 1]})
    found = scan(frame, k=1)
    assert found.items.values.tolist() == ["x", "y", "z"]
    assert found.catalogue.all()
    assert found.unknown_items == 0


@pytest.mark.slow
def test_a_million_providers():
    rng = np.random.default_rng(5)
    n = 1_000_000
    shown = rng.integers(0, n, 2_000_000)
    table = pa.table({"user_id": np.arange(2_000_000) // 10, "item_id": shown, "rank": np.arange(2_000_000) % 10 + 1})
    index = pd.Index(np.arange(n).astype(str), dtype=object)
    found = scan(table, index)
    facts = Facts.of(found, pd.DataFrame({"provider": index}, index=index))
    mine = providers(found, facts, "provider")
    weight = 1 / np.log2(np.arange(2_000_000) % 10 + 2)
    expected = np.bincount(shown, weights=weight, minlength=n) / weight.sum()
    order = pd.Index(mine["provider"]).get_indexer(index)
    np.testing.assert_allclose(mine["exposure_share"].to_numpy()[order], expected, atol=1e-15)
    assert concentration(found, facts).set_index("metric").loc["coverage", "value"] == np.mean(expected > 0)


def test_the_engine_is_loaded_by_who_counts_and_by_nobody_else():
    code = "import sys, app.use_cases.auditing, audit.engine.run; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    assert not {"ibis", "duckdb", "pyspark"} & set(told.stdout.split())


def no_java() -> str:
    import shutil

    pytest.importorskip("pyspark", reason="pyspark is not installed: install sightglass-dashboard[spark]")
    return "" if shutil.which("java") else "Java is not on the path; Spark needs 17 or newer"


@pytest.mark.filterwarnings("ignore")
def test_spark_gives_what_duckdb_gives():
    """Same expressions, another machine; people known by the table, so that buckets are the same too."""
    if reason := no_java():
        pytest.skip(reason)
    from audit.engine.engines import Spark

    rng = np.random.default_rng(8)
    rows = [
        (u, int(i), r)
        for u in range(120)
        for r, i in enumerate(rng.integers(0, 42, rng.integers(1, 9)), 1)
        if rng.random() < 0.9
    ]
    maker = {str(i): "xyz"[i % 3] for i in range(40)}
    group = {str(u): "ab"[u % 2] for u in range(120)}
    chosen = Counter({str(i): 40 - i for i in range(40)})
    world = Lists(rows, [str(i) for i in range(40)], maker, chosen, Counter(), group, 6)
    here, there = world.scan(engine=DuckDB()), world.scan(engine=Spark(threads=2))
    assert (here.engine, there.engine) == ("duckdb", "spark")
    assert (here.short_lists, here.skipped_ranks, here.repeated_items, here.unknown_items, here.beyond_k) == (
        there.short_lists,
        there.skipped_ranks,
        there.repeated_items,
        there.unknown_items,
        there.beyond_k,
    )
    numbers = ["value", "se", "low", "high"]
    one, two = (concentration(each, world.facts(each), "rbp") for each in (here, there))
    assert one["se"].notna().any()
    np.testing.assert_allclose(one[numbers].to_numpy(float), two[numbers].to_numpy(float), atol=1e-9, equal_nan=True)
    one, two = (providers(each, world.facts(each), "maker")[["exposure_share", "se"]] for each in (here, there))
    np.testing.assert_allclose(one, two, atol=1e-9)


def test_the_slope_of_gini_does_not_turn_on_rounding():
    x = np.array([0.3, 0.3, 0.1, 0.7, 0.3])
    other = x + np.array([0, 1, 0, 0, -1]) * 2e-16
    assert len(set(other)) > len(set(x))
    np.testing.assert_allclose(slopes.gini_slope(other), slopes.gini_slope(x), atol=1e-12)
