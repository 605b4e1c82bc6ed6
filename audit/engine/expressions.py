"""What is counted, written once as Ibis expressions; DuckDB and Spark each get it in their own SQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from data.columns import ITEM, RANK, USER

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

LISTS, PEOPLE, ITEMS = "audited_lists", "audited_people", "audited_items"
OUTCOMES, KNOWN, RANKS = "audited_outcomes", "audited_known", "audited_ranks"
UNKNOWN_ITEM, NO_ITEM = -1, -2  # codes: not in the table of items; no id at all


def table(name: str, schema: pa.Schema) -> ir.Table:
    """A table that an engine holds under this name."""
    import ibis

    return ibis.table(ibis.Schema.from_pyarrow(schema), name=name)


def ids(source: ir.Table, column: str) -> Any:
    """The ids of a column as they are joined: text without blanks around it, whole numbers as they are."""
    values = source[column]
    return values.strip().nullif("") if values.type().is_string() else values


def rows(lists: ir.Table, names: Mapping[str, str], k: int) -> ir.Table:
    """One row per showing: user, given (the item's id), rank; one that is no whole number from 1 is null, or below 1."""
    import ibis

    rank = lists[names[RANK]]
    if rank.type().is_integer():
        place = rank
    else:
        whole = (rank >= 1) & (rank % 1 == 0)
        place = ibis.ifelse(whole.fill_null(False), ibis.least(rank, k + 1), 0).cast("int32")
    return lists.select(user=ids(lists, names[USER]), given=ids(lists, names[ITEM]), rank=place)


def above(given: ir.Table, k: int) -> ir.Table:
    """The rows down to rank k; a rank that is not there is 0."""
    filled = given.mutate(rank=given["rank"].fill_null(0))
    return filled.filter(filled["rank"] <= k)


def joined(given: ir.Table, people: ir.Table, items: ir.Table, unknown: int, buckets: int) -> ir.Table:
    """The rows with what they are counted by: user, part, item, rank.

    `part` is the user's, or for somebody outside the table of people one of those from `unknown` on, by the engine's
    own hash. `item` is the code, -1 outside the table of items.
    """
    import ibis

    mine = _parted(given, people, unknown, buckets)
    both = mine.left_join(items, mine.given == items.item_key)
    outside = ibis.ifelse(both.given.isnull(), NO_ITEM, UNKNOWN_ITEM).cast("int32")
    return both.select(
        user=both.user,
        part=both.part,
        item=ibis.coalesce(both.code, outside),
        rank=both["rank"],
    )


def numbered(source: ir.Table, *columns: str) -> ir.Table:
    """The same rows with the ids of these columns as whole numbers: text by a hash of 64 bits, numbers as they are."""
    texts = [name for name in columns if source[name].type().is_string()]
    return source.mutate(**{name: source[name].notnull().ifelse(source[name].hash(), None) for name in texts})


def cells(showings: ir.Table) -> ir.Table:
    """Showings by part, item and rank."""
    return showings.group_by("part", "item", "rank").agg(n=showings.count())


def users(showings: ir.Table) -> ir.Table:
    """One row per list: its part, rows, deepest rank, and how many different ranks it fills."""
    rank = showings["rank"]
    return showings.group_by("user").agg(
        part=showings.part.min(), n=showings.count(), last=rank.max(), places=rank.nunique()
    )


def lists(showings: ir.Table, k: int) -> ir.Table:
    """Lists by part, and what is odd about them."""
    each = users(showings)
    return each.group_by("part").agg(
        lists=each.count(),
        short=(each.n < k).sum(),
        skipped=(each["last"] != each.n).sum(),
        ties=(each.n != each.places).sum(),
        nobody=each.user.isnull().sum(),
    )


def repeats(showings: ir.Table) -> ir.Table:
    """Showings of an item to somebody who has it in the list already, by part and item."""
    pairs = showings.group_by("part", "user", "item").agg(n=showings.count())
    again = pairs.filter(pairs.n > 1)
    return again.group_by("part", "item").agg(n=(again.n - 1).sum())


def short(showings: ir.Table, k: int) -> ir.Table:
    """Showings in lists of fewer than k rows, by part, item and the list's length."""
    each = users(showings)
    few = each.filter(each.n < k).select("user", length=each.n)
    inside = showings.inner_join(few, "user")
    return inside.group_by("part", "item", "length").agg(n=inside.count())


def strangers(given: ir.Table, items: ir.Table) -> ir.Table:
    """The item ids of the rows that the table of items does not have."""
    each = given.select("given").distinct()
    return each.anti_join(items, each.given == items.item_key).filter(lambda t: t.given.notnull())


def pairs(source: ir.Table, names: Mapping[str, str], lists: ir.Table) -> ir.Table:
    """Pairs of user and item, each once, by the kind of id that the lists have: chooser, chosen."""

    def like(column: str, other: str) -> Any:
        values, kind = ids(source, names[column]), lists[other].type()
        if kind.is_string():
            return values if values.type().is_string() else values.cast("string")
        return values.try_cast(kind)

    found = source.select(chooser=like(USER, "user"), chosen=like(ITEM, "given")).distinct()
    return found.filter(found.chooser.notnull(), found.chosen.notnull())


def outcomes(held_out: ir.Table) -> ir.Table:
    """Held-out pairs with how many their user has."""
    wanted = held_out.group_by("chooser").agg(wanted=held_out.count())
    return held_out.inner_join(wanted, "chooser")


def hits(given: ir.Table, truth: ir.Table, people: ir.Table, unknown: int, buckets: int) -> ir.Table:
    """One row per held-out item that is shown: user, part, best rank, and how many held-out items the user has."""
    found = given.inner_join(truth, [given.user == truth.chooser, given.given == truth.chosen])
    best = found.group_by("user", "given", "wanted").agg(rank=found["rank"].min())
    return _parted(best, people, unknown, buckets)


def gains(hit: ir.Table) -> ir.Table:
    """Hits by part, rank and the user's number of held-out items: nDCG and recall are sums over these rows."""
    return hit.group_by("part", "wanted", "rank").agg(n=hit.count())


def firsts(hit: ir.Table) -> ir.Table:
    """Users by part, number of held-out items and the rank of their first hit."""
    each = hit.group_by("user", "part", "wanted").agg(rank=hit["rank"].min())
    return each.group_by("part", "wanted", "rank").agg(n=each.count())


def met(given: ir.Table, truth: ir.Table, people: ir.Table, unknown: int, buckets: int) -> ir.Table:
    """By part: users with a list, and those of them with held-out items."""
    listed = given.select("user").distinct()
    wanted = truth.select("chooser", "wanted").distinct()
    both = _parted(listed.left_join(wanted, listed.user == wanted.chooser), people, unknown, buckets)
    return both.group_by("part").agg(listed=both.count(), judged=both.wanted.count())


def seen(given: ir.Table, known: ir.Table, people: ir.Table, unknown: int, buckets: int) -> ir.Table:
    """By part: showings of an item that its user had chosen before."""
    again = given.semi_join(known, [given.user == known.chooser, given.given == known.chosen])
    parted = _parted(again, people, unknown, buckets)
    return parted.group_by("part").agg(n=parted.count())


def judged(truth: ir.Table, people: ir.Table, unknown: int, buckets: int) -> ir.Table:
    """Users with held-out items by part and number of them."""
    each = _parted(truth.select("wanted", user=truth.chooser).distinct(), people, unknown, buckets)
    return each.group_by("part", "wanted").agg(n=each.count())


def _parted(table: ir.Table, people: ir.Table, unknown: int, buckets: int) -> ir.Table:
    import ibis

    both = table.left_join(people, table.user == people.user_key)
    bucket = (both.user.hash() % buckets).abs().cast("int32")
    return both.drop("user_key").mutate(part=ibis.coalesce(both.part, bucket + unknown))
