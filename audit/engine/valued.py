"""Accuracy of every user with a hit, a row each, which stays in the engine; what is added up of it leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir

ACCURACY = ("precision", "recall", "hit_rate", "ndcg", "reciprocal_rank")


def values(hit: ir.Table, ranks: ir.Table, k: int) -> ir.Table:
    """Part, and every accuracy measure, of users with a hit; `ranks` has each rank's weight, and the sum up to it."""
    import ibis

    weighed = hit.inner_join(ranks, hit["rank"] == ranks.place)
    each = weighed.group_by("user", "part", "wanted").agg(
        n=weighed.count(), first=weighed["rank"].min(), gain=weighed.weight.sum()
    )
    ideal = ranks.select(depth=ranks.place, ideal=ranks.ideal)
    each = each.mutate(depth=ibis.least(each.wanted, k).cast("int32")).inner_join(ideal, "depth")
    return each.select(
        part=each.part,
        precision=each.n / k,
        recall=each.n / each.wanted,
        hit_rate=ibis.literal(1.0),
        ndcg=each.gain / each.ideal,
        reciprocal_rank=1 / each["first"],
    )


def squares(each: ir.Table) -> ir.Table:
    """By part, sums over users of every accuracy measure squared."""
    return each.group_by("part").agg(**{name: (each[name] ** 2).sum() for name in ACCURACY})


def alike(each: ir.Table, groups: Sequence[int], buckets: int) -> ir.Table:
    """Users of some groups by group and the values of all measures: how many have the same."""
    mine = each.mutate(group=(each.part // buckets).cast("int32"))
    some = mine.filter(mine.group.isin(list(groups)))
    return some.group_by("group", *ACCURACY).agg(n=some.count())
