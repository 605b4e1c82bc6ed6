"""Check the yardstick: published and hand-computed values, made again by our functions at this moment."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from audit.inference.impact import impact_rows
from audit.inference.suppression import sticky
from audit.measures.attention import awrf
from audit.measures.coded import Coded
from audit.measures.expected import expected, rankings_exposure, target
from audit.measures.exposure import item_exposure
from audit.measures.fastar import adjusted, least, unadjusted
from audit.measures.grouping import Grouping
from audit.measures.prefixes import ndkl, shown_counts, skew
from audit.measures.ratios import log_ratio
from audit.plan import Plan
from data.keep.merkle import Tree

GOLDEN, CASE = "golden value", "constructed case"
_TEN = list("abcdefghij")
_PROTECTED = (3, 5, 8)


@dataclass(frozen=True)
class Check:
    """One row: what the definition says, what ours says now, and for a case what a known library says."""

    part: str
    name: str
    expected: str
    ours: str
    ok: bool
    source: str
    library: str = ""

    def row(self) -> dict[str, Any]:
        """The row as plain values."""
        return asdict(self)


def same(value: float, printed: str) -> bool:
    """Whether a number is the printed one, to all its digits: within half a unit of the last."""
    digits = len(printed.partition(".")[2])
    return bool(
        abs(float(value) - float(printed)) <= 0.5 * 10.0**-digits * (1 + 1e-9) + np.spacing(abs(float(printed)))
    )


def number(name: str, printed: str, value: float, source: str) -> Check:
    """A golden number as it was printed."""
    digits = len(printed.partition(".")[2])
    return Check(GOLDEN, name, printed, f"{value:.{digits}f}", same(value, printed), source)


def exact(name: str, wanted: Any, value: Any, source: str) -> Check:
    """A golden value that is no single number."""
    return Check(GOLDEN, name, _text(wanted), _text(value), _text(wanted) == _text(value), source)


def golden() -> list[Check]:
    """Every golden value: exposure, expected exposure, FA*IR, impact ratios, the tree of the log, differencing."""
    return [*_lists(), *_expected(), *_fastar(), *_impact(), *_merkle(), *_differencing()]


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, Iterable) and not isinstance(value, str) else str(value)


_BY_WEIGHT = {
    "log": ("3.341242", "1.202318", ".264620", ".135380", ".040286", "-.174794"),
    "log-clipped": ("3.859555", "1.394940", ".265476", ".134524", ".039760", "-.170403"),
    "rbp": ("3.789087", "1.565083", ".292311", ".107689", ".025140", "-.036888"),
}
_NAMES = ("exposure, others", "exposure, protected", "protected share", "AWRF abs", "AWRF KL", "per-item log ratio")


def _lists() -> Iterator[Check]:
    """One list of ten with protected items at ranks 3, 5 and 8, target (.6, .4)."""
    source = "by hand: ten items, protected at ranks 3, 5, 8; target .6 and .4"
    items = pd.DataFrame(
        {"provider": ["p" if rank in _PROTECTED else "np" for rank in range(1, 11)]},
        index=pd.Index(_TEN, name="item_id"),
    )
    lists = pd.DataFrame({"user_id": "u", "item_id": _TEN, "rank": range(1, 11)})
    coded = Coded.of(lists, lists[["user_id", "item_id"]], None, items, k=10)
    grouping, goal = Grouping.of(coded, items, {}, "provider"), np.array([0.6, 0.4])
    for model, printed in _BY_WEIGHT.items():
        given = item_exposure(coded, model)["exposure"].to_numpy() @ grouping.split
        distance = awrf(coded, grouping, model, goal).iloc[0]
        ratio = log_ratio(given, grouping.size)
        values = (*given, given[1] / given.sum(), distance["awrf"], distance["awrf_kl"], ratio)
        for name, text, value in zip(_NAMES, printed, values, strict=True):
            yield number(f"{name}, weights '{model}'", text, value, source)
    yield number("NDKL", ".194049", float(ndkl(coded, grouping, goal).iloc[0]), source)
    yield number("Skew@10, protected", "-.287682", skew(shown_counts(coded, grouping), goal)[1], source)


def _expected() -> Iterator[Check]:
    source = "Diaz et al. 2020: two rankings of four items, each with chance .5, relevant 0 and 1, RBP .5"
    eps = rankings_exposure(np.array([[0, 1, 2, 3], [1, 0, 2, 3]]), np.array([0.5, 0.5]), 0.5)
    goal = target(np.array([True, True, False, False]), 0.5)
    both, alone = expected(eps, goal), expected(rankings_exposure(np.array([[0, 1, 2, 3]]), np.ones(1), 0.5), goal)
    yield exact("expected exposure", (0.75, 0.75, 0.25, 0.125), eps.tolist(), source)
    yield exact("its target", (0.75, 0.75, 0.1875, 0.1875), goal.tolist(), source)
    yield number("EE-L", ".0078125", both.loss, source)
    yield number("EE-D", "1.203125", both.disparity, source)
    yield number("EE-R", "2.390625", both.relevance, source)
    yield number("EE-L of one ranking alone", ".132812", alone.loss, f"{source}; .1328125 in full")


def _fastar() -> Iterator[Check]:
    source = "Zehlike et al. 2017, alpha .1"
    for p, wanted in ((0.3, "000000111112"), (0.5, "000111223334"), (0.7, "011223345566")):
        yield exact(f"FA*IR table, p = {p}", wanted, "".join(map(str, least(12, p, 0.1))), source)
    plain, corrected = unadjusted(20, 0.25), adjusted(20, 0.25)
    computed = "exact dynamic programme; k = 20, p = .25, alpha = .1"
    yield exact("FA*IR, unadjusted table", "0" * 8 + "1" * 6 + "2" * 5 + "3", "".join(map(str, plain.least)), source)
    yield number("FA*IR, unadjusted chance to fail", ".146887188699111", plain.fails, computed)
    yield number("FA*IR, adjusted alpha", ".078125", corrected.alpha, source)
    yield exact("FA*IR, adjusted table", "0" * 8 + "1" * 7 + "2" * 5, "".join(map(str, corrected.least)), source)
    yield number("FA*IR, adjusted chance to fail", ".10515247355215251", corrected.fails, computed)


_SEX = {"first": (92, 50, "1.00"), "second": (76, 34, "0.82")}
_RACE = {
    "a": (28, 18, "1.00"), "b": (40, 15, "0.58"), "c": (32, 16, "0.78"), "d": (8, 5, "0.97"), "e": (24, 10, "0.65"),
}  # fmt: skip
_KATZ = (
    ((100, 30), (100, 40), "0.75", "0.51", "1.10", "0.18"),
    ((1000, 300), (1000, 400), "0.75", "0.66", "0.85", "0.0000034"),
    ((10, 1), (20, 4), "0.50", "0.06", "3.91", "0.64"),
)


def _impact() -> Iterator[Check]:
    plan = Plan.of()
    for name, groups in (("sex", _SEX), ("race", _RACE)):
        table = impact_rows(_counts({group: told[:2] for group, told in groups.items()}), plan).set_index("group")
        for group, (n, _, printed) in groups.items():
            title = f"impact ratio, {name}, {n} people"
            yield number(title, printed, float(table["ratio"][group]), "6 RCNY 5-301, the rule's own example")
    for mine, best, *values in _KATZ:
        table = impact_rows(_counts({"mine": mine, "best": best}), plan).set_index("group")
        title = f"{mine[1]}/{mine[0]} against {best[1]}/{best[0]}"
        for column, text in zip(("ratio", "low", "high", "p"), values, strict=True):
            value = float(table[column]["mine"])
            yield number(f"{title}: {column}", text, value, "Katz log interval, Fisher's exact test")


def _counts(groups: dict[str, tuple[int, int]]) -> pd.DataFrame:
    return pd.DataFrame.from_dict(groups, orient="index", columns=["n", "selected"]).rename_axis("group")


_LEAVES = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
_ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def _merkle() -> Iterator[Check]:
    tree = Tree(bytes.fromhex(leaf) for leaf in _LEAVES)
    for size, root in enumerate(_ROOTS):
        yield exact(f"Merkle root of {size} leaves", root, tree.root(size).hex(), "RFC 6962, the test leaves")


def _differencing() -> Iterator[Check]:
    """Two tables of counts, items by groups, one person erased in between: what is released must not differ."""
    rng = np.random.default_rng(7)
    before = rng.integers(10, 60, (6, 3))
    erased = np.zeros_like(before)
    erased[[0, 2, 5], 1] = 1
    after = sticky(before, before - erased, Plan.of().minimum_cell)
    found = int(np.count_nonzero(before - after))
    yield exact("cells that give an erased person away", 0, found, "two releases of one table, one person less")
    kept = math.isclose(float(sticky(before, before - 20, 10).sum()), float(before.sum() - 360))
    yield exact("cells that change by many are renewed", True, kept, "two releases of one table, twenty people less")
