"""How many lists show a provider: the literal count, streamed and grouped, whatever the lists and the columns look like."""

from __future__ import annotations

import shutil
from functools import partial

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.engine import streaming
from audit.engine.engines import Engine
from audit.engine.facts import Facts
from audit.engine.reach import belonging, reach
from data.columns import Kind
from data.errors import NotFound
from tests.test_engine import Lists, lists

COLUMNS, KINDS = ("maker", "tags"), {"maker": Kind.CATEGORY, "tags": Kind.MULTI}


def described(world: Lists) -> pd.DataFrame:
    """The items with a column of one maker and one of several tags; some have none."""
    tags = {None: None, "x": "red", "y": "red|blue", "z": "blue|green"}
    makers = [world.maker[item] for item in world.catalogue]
    return world.items.assign(tags=pd.Series([tags[each] for each in makers], dtype=object).to_numpy())


def told(world: Lists, engine: Engine | None = None, without: tuple[str, ...] = ()) -> dict[tuple[str, str], int]:
    items = described(world)
    found = world.scan(belongs=belonging(items, KINDS, COLUMNS), engine=engine, without=without)
    table = reach(found, Facts.of(found, items, KINDS), COLUMNS)
    return {(row.column, row.provider): row.n_lists for row in table.itertuples()}


def literal(world: Lists, without: tuple[str, ...] = ()) -> dict[tuple[str, str], int]:
    items, counted = described(world), {}
    for user, rows in world.kept.items():
        if user in without:
            continue
        for column in COLUMNS:
            owners = set()
            for item, _ in rows:
                text = items[column].get(item)
                owners |= set(text.split("|")) if isinstance(text, str) else {"unknown"}
            for owner in owners:
                counted[column, owner] = counted.get((column, owner), 0) + 1
    return counted


@given(lists(), st.booleans(), st.booleans())
@settings(max_examples=25, deadline=None)
def test_lists_that_show_a_provider_are_counted_once_each(world: Lists, streams: bool, restricted: bool) -> None:
    gone = (str(world.rows[0][0]),) if restricted else ()
    if set(world.kept) <= set(gone):
        gone = ()
    with pytest.MonkeyPatch.context() as patch:
        if not streams:
            patch.setattr(streaming, "CELLS", 0)
        found = told(world, without=gone)
    assert {key: n for key, n in found.items() if n} == literal(world, gone)


def test_a_column_that_is_not_there_is_refused_before_the_lists_are_read() -> None:
    items = pd.DataFrame({"maker": ["x"]}, index=pd.Index(["1"], name="item_id"))
    with pytest.raises(NotFound, match="no item column 'label'"):
        belonging(items, KINDS, ("label",))


@pytest.mark.filterwarnings("ignore")
def test_spark_counts_the_same() -> None:
    pytest.importorskip("pyspark", reason="pyspark is not installed: install sightglass-dashboard[spark]")
    if not shutil.which("java"):
        pytest.skip("Java is not on the path; Spark needs 17 or newer")
    from audit.engine.engines import Spark

    rows = [("u0", "i0", 1), ("u0", "i1", 2), ("u1", "i1", 1), ("u1", "i9", 2), ("u2", "i2", 1)]
    maker = {"i0": "x", "i1": "y", "i2": "z"}
    none = pd.Series(dtype=float).to_dict()
    world = partial(Lists, rows, list(maker), maker)(none, none, {"u0": "a", "u1": "b"}, 2)
    assert {key: n for key, n in told(world, Spark(), ("u2",)).items() if n} == literal(world, ("u2",))
