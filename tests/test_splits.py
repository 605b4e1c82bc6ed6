"""Splits: nothing is lost, nothing is in both parts, nothing of the future is in train."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from data.build import build
from data.columns import ITEM, USER
from data.errors import BadInput
from data.ids import Ids
from data.load.folder import read_source
from data.splits import leave_last_out, random_split, read_pair, time_split
from data.tables import Dataset, Interactions

pairs = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 8)), min_size=2, max_size=30, unique=True)
shares = st.floats(0.05, 0.95)


@st.composite
def timed(draw: st.DrawFn) -> Interactions:
    """Interactions of a few users with many equal times."""
    rows = np.array(draw(pairs), dtype=np.int32)
    times = draw(st.lists(st.integers(0, 6), min_size=len(rows), max_size=len(rows)))
    users, items = Ids([f"u{n}" for n in range(6)]), Ids([f"i{n}" for n in range(9)])
    values = np.arange(len(rows), dtype=np.float64)
    return Interactions(users, items, rows[:, 0], rows[:, 1], values, np.array(times, dtype=np.int64))


def rows_of(data: Interactions) -> list[tuple]:
    return list(data.frame().itertuples(index=False, name=None))


def whole_and_apart(data: Interactions, train: Interactions, test: Interactions) -> None:
    assert sorted(rows_of(train) + rows_of(test)) == sorted(rows_of(data))
    assert not set(rows_of(train)) & set(rows_of(test))
    for part in (train, test):
        assert part.users is data.users
        assert part.items is data.items
        assert len(part)


def split_or_skip(split, *arguments, **options):
    """The two parts; data that is too small to be split is refused, which other tests look at."""
    try:
        return split(*arguments, **options)
    except BadInput:
        assume(False)


@settings(max_examples=150, deadline=None)
@given(data=timed(), share=shares, seed=st.integers(0, 2**32), per_user=st.booleans())
def test_a_random_split_is_whole_apart_and_repeatable(data, share, seed, per_user):
    train, test = split_or_skip(random_split, data, share, seed, per_user=per_user)
    whole_and_apart(data, train, test)
    again = random_split(data, share, seed, per_user=per_user)
    assert (again[0].hash, again[1].hash) == (train.hash, test.hash)
    if not per_user:
        assert len(test) == round(share * len(data))
        return
    for user in set(data.user.tolist()):
        held = int((data.user == user).sum())
        assert int((test.user == user).sum()) == min(int(share * held + 0.5), held - 1)


@settings(max_examples=150, deadline=None)
@given(data=timed(), n=st.integers(1, 3))
def test_leave_last_out_equals_its_literal_definition(data, n):
    train, test = split_or_skip(leave_last_out, data, n)
    whole_and_apart(data, train, test)
    expected = []
    for user in range(len(data.users)):
        own = [(int(t), int(i)) for u, i, t in zip(data.user, data.item, data.timestamp, strict=True) if u == user]
        if len(own) > n:
            expected += [(user, item) for _, item in sorted(own)[-n:]]
    assert list(zip(test.user.tolist(), test.item.tolist(), strict=True)) == sorted(expected)


@settings(max_examples=150, deadline=None)
@given(data=timed(), share=shares)
def test_a_time_split_leaks_nothing_and_is_the_smallest_that_holds_the_share(data, share):
    train, test = split_or_skip(time_split, data, share)
    whole_and_apart(data, train, test)
    assert test.timestamp.min() > train.timestamp.max()
    wanted = max(round(share * len(data)), 1)
    assert len(test) >= wanted
    assert (test.timestamp > test.timestamp.min()).sum() < wanted


def small(**columns: np.ndarray | None) -> Interactions:
    return Interactions(Ids(["a", "b"]), Ids(["x", "y"]), np.array([0, 1]), np.array([0, 1]), **columns)


@pytest.mark.parametrize("share", [0, 1, -0.1, float("nan")])
@pytest.mark.parametrize("split", [lambda d, s: random_split(d, s, 0), time_split])
def test_a_share_that_is_none_is_refused(split, share: float):
    with pytest.raises(BadInput, match=r"the share must lie between 0 and 1 \(given: .*0\.2"):
        split(small(timestamp=np.array([1, 2])), share)


def test_data_that_cannot_be_split_is_refused():
    with pytest.raises(BadInput, match=r"column 'timestamp': the interactions have no timestamps.*split at random"):
        time_split(small(), 0.5)
    with pytest.raises(BadInput, match="no timestamps"):
        leave_last_out(small())
    with pytest.raises(BadInput, match="leaves nothing to train"):
        time_split(small(timestamp=np.array([5, 5])), 0.5)
    with pytest.raises(BadInput, match="leaves nothing to test"):
        leave_last_out(small(timestamp=np.array([1, 2])))
    with pytest.raises(BadInput, match=r"leaves nothing to test \(2 interactions\)"):
        random_split(small(), 0.1, 0)
    with pytest.raises(BadInput, match="must be 1 or more"):
        leave_last_out(small(timestamp=np.array([1, 2])), 0)


def test_seeds_differ(ml100k_folder: Path):
    data = build(read_source(ml100k_folder), "x")[0].interactions
    (one, test), (other, _) = random_split(data, 0.2, 1), random_split(data, 0.2, 2)
    assert len(test) == 20_000
    assert one.hash != other.hash
    _, last = leave_last_out(data)
    assert len(last) == 943


# ---- a published pair of files


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    path = tmp_path / "all.csv"
    path.write_text("user_id,item_id\n" + "".join(f"{u},{i}\n" for u in (1, 2, 10) for i in (5, 6, 7)))
    return build(read_source(path), "x")[0]


def pair(tmp_path: Path, train: str, test: str, ending: str = "rating") -> tuple[Path, Path]:
    for name, content in (("train", train), ("test", test)):
        (tmp_path / f"{name}.{ending}").write_text(content)
    return tmp_path / f"train.{ending}", tmp_path / f"test.{ending}"


def test_the_published_pair_is_read_in_the_vocabulary_of_the_data(ml100k_folder: Path):
    dataset = build(read_source(ml100k_folder), "x")[0]
    files = ml100k_folder / "mcrec.train.rating", ml100k_folder / "mcrec.test.rating"
    train, chosen = read_pair(*files, dataset)
    assert (len(train), len(chosen)) == (80_000, 20_000)
    assert (len(train.users), len(train.items)) == (943, 1682)
    literal = [line.split("\t") for line in files[0].read_text().splitlines()]
    frame = train.frame()
    assert {(u, i): v for u, i, v in frame.itertuples(index=False)} == {(u, i): float(v) for u, i, v in literal}
    assert [" ".join(row) for row in chosen.to_numpy()] == [
        line.replace("\t", " ") for line in files[1].read_text().splitlines()
    ]


@pytest.mark.parametrize(
    ("ending", "train", "test"),
    [
        ("rating", "1\t5\t3\n10\t6\t4\n", "2\t7\n"),
        ("csv", "user_id,item_id,value\n1,5,3\n10,6,4\n", "user_id,item_id\n2,7\n"),
        ("tsv", "userId\tmovieId\trating\n1\t5\t3\n10\t6\t4\n", "2\t7\n"),
        ("csv", "1,5,3\n10,6,4\n", "2,7\n"),
    ],
)
def test_files_with_or_without_a_header_are_read_alike(tmp_path: Path, dataset: Dataset, ending, train, test):
    found, chosen = read_pair(*pair(tmp_path, train, test, ending), dataset)
    assert found.frame().to_numpy().tolist() == [["1", "5", 3.0], ["10", "6", 4.0]]
    assert chosen[[USER, ITEM]].to_numpy().tolist() == [["2", "7"]]


def test_parquet_files_are_read_too(tmp_path: Path, dataset: Dataset):
    pd.DataFrame({"user_id": [1, 10], "item_id": [5, 6]}).to_parquet(tmp_path / "a.parquet")
    pd.DataFrame({"user_id": ["2"], "item_id": ["7"]}).to_parquet(tmp_path / "b.parquet")
    found, chosen = read_pair(tmp_path / "a.parquet", tmp_path / "b.parquet", dataset)
    assert found.value is None
    assert (len(found), len(chosen)) == (2, 1)


@pytest.mark.parametrize(
    ("train", "test", "sentence"),
    [
        ("1\t5\n3\t5\n", "2\t7\n", r"train\.rating, row 2, column 'user_id': the data set has no such user.*'3'"),
        ("1\t5\n", "2\t7\n2\t8\n", r"test\.rating, row 2, column 'item_id': the data set has no such item.*'8'"),
        ("1\t5\n1\t6\n1\t5\n", "2\t7\n", r"train\.rating, row 3, .*is in row 1 already"),
        ("1\t5\n", "2\t7\n2\t7\n", r"test\.rating, row 2, .*is in row 1 already"),
        ("1\t5\n1\t6\n", "2\t7\n1\t5\n", r"test\.rating, row 2, .*is in the train file too \(given: '1, 5'\)"),
        ("1\n", "2\t7\n", r"train\.rating, row 1: the first line has 1 values"),
        ("1\t5\tx\n", "2\t7\n", r"train\.rating, row 1, column 'value': this is not a number"),
        ("", "2\t7\n", r"train\.rating"),
    ],
)
def test_a_pair_that_does_not_fit_is_refused(tmp_path: Path, dataset: Dataset, train, test, sentence):
    with pytest.raises(BadInput, match=sentence):
        read_pair(*pair(tmp_path, train, test), dataset)
