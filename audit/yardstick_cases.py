"""Check the yardstick: tiny inputs on which widely used libraries are wrong, and what ours says of them."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import pandas as pd

from audit.inference.closer import look_closer
from audit.measures.beyond import beyond
from audit.measures.coded import Coded
from audit.measures.exposure import ListStatistics, list_statistics
from audit.measures.fastar import fail_probability, least
from audit.measures.quality import evaluate
from audit.plan import Plan
from audit.yardstick import CASE, Check, golden, same
from data.columns import Kind

_TEN = [str(number) for number in range(130, 140)]
_TWELVE = [f"u{number}" for number in range(12)]
_KNOWN = "0.7.23"  # the version whose answers are documented here
_PAIRS = ["user_id", "item_id"]


def yardstick() -> list[Check]:
    """Every golden value and every constructed case, computed now."""
    return [*golden(), *cases()]


def cases() -> list[Check]:
    """The constructed cases: what the definition says, what a known library says, what ours says."""
    return [*_evidently(), *_others()]


def _lists(rows: dict[str, list[str]]) -> pd.DataFrame:
    table = [(user, item, rank) for user, items in rows.items() for rank, item in enumerate(items, 1)]
    return pd.DataFrame(table, columns=[*_PAIRS, "rank"])


def _coded(
    lists: dict[str, list[str]],
    truth: dict[str, list[str]],
    kinds: list[str],
    ids: list[str],
    *,
    seen: list[str],
    k: int,
) -> tuple[Coded, pd.DataFrame, ListStatistics]:
    items = pd.DataFrame({"kind": kinds}, index=pd.Index(ids, name="item_id"))
    train = _lists({"u": seen})[_PAIRS]
    coded = Coded.of(_lists(lists), _lists(truth)[_PAIRS], train, items, k=k)
    per_user = beyond(coded, items, {"kind": Kind.CATEGORY})
    return coded, per_user, list_statistics(coded, per_user)


def _case(name: str, printed: str, value: float, library: str, cause: str) -> Check:
    digits = len(printed.partition(".")[2])
    return Check(CASE, name, printed, f"{value:.{digits}f}", same(value, printed), cause, library)


def _only(per_user: pd.DataFrame, metric: str) -> float:
    """The number of the one user there is."""
    return float(per_user[metric].to_numpy(dtype=np.float64)[0])


def _documented(says: str) -> str:
    """What the monitoring library says, and of which version; a version that is installed here is named."""
    try:
        here = f"; {version('evidently')} is installed here"
    except PackageNotFoundError:
        here = ""
    return f"{says} (Evidently {_KNOWN}, documented{here})"


def _evidently() -> Iterator[Check]:
    for k, says in ((10, _documented("4.5")), (5, "another value than for 10: by its formula 2.0 (not documented)")):
        shown = {"u": _TEN}
        per_user = _coded(shown, shown, list("abcdefghij"), _TEN, seen=_TEN, k=k)[1]
        cause = "divides the sum over pairs by the length of the list, so it grows with k"
        title = f"diversity of {k} items that share nothing"
        yield _case(title, "1.0", _only(per_user, "diversity"), says, cause)
    old = [str(number) for number in range(10)]
    alike = _coded({"u": _TEN}, {"u": _TEN}, ["same"] * 20, [*_TEN, *old], seen=old, k=10)[1]
    cause = "sums over history and hits, divides by the history only; its own range is 0 to 2"
    title = "serendipity of ten hits that are just like the history"
    yield _case(title, "0.0", abs(_only(alike, "serendipity")), _documented("-9.0"), cause)
    both = {"u": _TEN, "v": _TEN}
    half = _coded(both, {"u": _TEN}, ["x"] * 20, [*_TEN, *old], seen=_TEN, k=10)[2]
    cause = "only items that were recommended take part"
    yield _case("Gini where ten of twenty items are never shown", "0.53", half.gini, _documented("0.0"), cause)
    turned = {"u": _TEN, "v": _TEN[::-1]}
    twice = [_coded(turned, {"u": _TEN}, ["x"] * 10, _TEN, seen=_TEN, k=3)[2].coverage for _ in range(2)]
    cause = "the branch of the reference data ignores k"
    title = "difference of coverage at 3 between a table and itself"
    yield _case(title, "0.0", abs(twice[0] - twice[1]), _documented("0.15 against 0.50"), cause)
    yield from _judged()


def _judged() -> Iterator[Check]:
    five = evaluate(_lists({"u": _TEN[:5]}), _lists({"u": _TEN})[_PAIRS], 10).per_user
    cause = "relevance is read from the rows of the uploaded list only"
    title = "recall at 10, five of ten held-out items listed"
    yield _case(title, "0.5", _only(five, "recall"), _documented("1.0"), cause)
    shown = {user: ["130"] if place < 3 else ["131"] for place, user in enumerate(_TWELVE)}
    hits = evaluate(_lists(shown), _lists({user: ["130"] for user in _TWELVE})[_PAIRS], 10).per_user
    cause = "users without a relevant row are dropped; the docstring says the opposite of its flag"
    yield _case("hit rate, 3 of 12 users hit", "0.25", float(hits["hit_rate"].mean()), _documented("1.0"), cause)
    numbers = _lists({"u": _TEN}).astype({"item_id": int})
    recall = evaluate(numbers, _lists({"u": _TEN})[_PAIRS], 10).per_user
    cause = "guesses the type of ids"
    yield _case(
        "recall where ids are digits, here as text, there not",
        "1.0",
        _only(recall, "recall"),
        _documented("KeyError"),
        cause,
    )
    first = evaluate(_lists({"u": _TEN}), _lists({"u": ["130"]})[_PAIRS], 10).per_user
    last = evaluate(_lists({"u": _TEN}), _lists({"u": ["139"]})[_PAIRS], 10).per_user
    cause = "its table counts ranks 2 to 11"
    yield _case("nDCG of one hit at rank 1", "1.0", _only(first, "ndcg"), _documented("rank 2"), cause)
    yield _case(
        "rank of the hit behind nDCG at the last place",
        "10",
        2 ** (1 / _only(last, "ndcg")) - 1,
        _documented("rank 11"),
        cause,
    )


def _others() -> Iterator[Check]:
    says = "ImportError under pandas 3.1.1: it imports a private name"
    title = f"importing the audit under pandas {pd.__version__}"
    yield Check(CASE, title, "works", "works", True, "this very page was made", _documented(says))
    chance = fail_probability(least(20, 0.25, 0.1), 0.25)
    cause = "drops the block that opens at the last place"
    says = "0.11517506930977106 (Fairsearch, documented)"
    yield _case("chance that a list drawn by chance fails FA*IR", "0.146887188699111", chance, says, cause)
    yield from _simpson()


def _simpson() -> Iterator[Check]:
    """A leads among heavy and among light users, and trails in all: the audit must say that the direction changes."""
    parts = (("A", 100, 100, 90), ("A", 10, 900, 300), ("B", 100, 900, 765), ("B", 10, 100, 30))
    group = np.concatenate([[name] * n for name, _, n, _ in parts])
    sizes = np.concatenate([[size] * n for _, size, n, _ in parts])
    value = np.concatenate([np.arange(n) < hits for _, _, n, hits in parts]).astype(np.float64)
    index = pd.Index([f"u{place:04d}" for place in range(len(value))], name="user_id")
    plan = Plan.of({"draws": 200, "strata": 2, "metrics": ["hit_rate"], "exploratory": []})
    per_user = pd.DataFrame({"hit_rate": value, "ndcg": value, "n_relevant": 1.0}, index=index)
    labels = {"group": pd.Series(group, index=index)}
    tables, closer = look_closer(per_user, labels, pd.Series(sizes, index=index), plan)
    pooled = tables.rows.set_index("group")["value"]
    cause = "a pooled table shows one direction only"
    yield _case("Simpson: pooled A", "0.390", pooled["A"], "", cause)
    yield _case("Simpson: pooled B", "0.795", pooled["B"], "", cause)
    told = closer.tables["directions"].set_index("group")["changes"]
    yield Check(CASE, "Simpson: the change of direction is said", "True", str(bool(told["A"])), bool(told["A"]), cause)
