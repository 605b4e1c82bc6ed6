"""The compiled loops that count a batch of showings; apart, so that importing the engine need not load the compiler."""

import numpy as np
from numba import njit

TIES, SHORT, SKIPPED, REPEATED = 0, 1, 2, 3


@njit(nogil=True, cache=True)
def locate(starts, part, item, rank, n_items, k, lists, repeated, short, seen, placed, odd, number, at):
    """Look at whole lists, list by list, and write the cell of every row to `at`; the number of the last list.

    `seen` and `placed` hold the number of the last list that showed the item, and that filled the rank.
    """
    ranks = np.uint32(k)
    for each in range(len(part)):
        number += np.uint32(1)
        start, stop, own = starts[each], starts[each + 1], np.int64(part[each])
        lists[own] += 1
        first, in_order, again = np.uint32(own) * np.uint32(n_items), True, False
        for row in range(start, stop):
            code = np.uint32(item[row])
            at[row] = (first + code) * ranks + np.uint32(rank[row]) - np.uint32(1)
            in_order &= rank[row] == row - start + 1
            again |= seen[code] == number
            seen[code] = number
        if not in_order:
            _ranks(rank[start:stop], placed, odd, number)
        if again:
            _repeats(item[start:stop], own * n_items, repeated, odd)
        if stop - start < k:
            odd[SHORT] += 1
            for row in range(start, stop):
                short[own * n_items + item[row]] += 1 / (stop - start) - 1 / k
    return number


@njit(nogil=True, cache=True)
def add(cells, at, over):
    """Add one to every cell of one byte; how many ran over, `over` gets which. It has room for every row.

    A loop of its own, so that many far cells are on their way at once: half the time of one that finds them too.
    """
    full = 0
    for cell in at:
        now = np.uint8(cells[cell] + np.uint8(1))
        cells[cell] = now
        if now == 0:
            over[full] = cell
            full += 1
    return full


@njit(nogil=True, cache=True)
def reached(starts, item, first, owner, seen, lists, number):
    """Count for every owner the lists that show something of it; the number of the last list.

    `owner` from `first` of an item up to that of the next are the item's. `seen`: the last list that counted for an owner.
    """
    for each in range(len(starts) - 1):
        number += np.uint32(1)
        for row in range(starts[each], starts[each + 1]):
            code = item[row]
            for place in range(first[code], first[code + 1]):
                mine = owner[place]
                if seen[mine] != number:
                    seen[mine] = number
                    lists[mine] += 1
    return number


@njit(nogil=True, cache=True)
def _ranks(rank, placed, odd, number):
    """Note the ranks of a list that are there twice, and a rank that is left out."""
    deepest = 0
    for each in rank:
        if placed[each] == number:
            odd[TIES] += 1
        placed[each] = number
        deepest = max(deepest, each)
    if deepest != len(rank):
        odd[SKIPPED] += 1


@njit(nogil=True, cache=True)
def _repeats(item, first, repeated, odd):
    """Note the items of a list that it has shown already."""
    for row in range(len(item)):
        for earlier in range(row):
            if item[earlier] == item[row]:
                repeated[first + item[row]] += 1
                odd[REPEATED] += 1
                break


@njit(nogil=True, cache=True)
def fill(keys, values, slots, held):
    """Put keys (uint64) with their values (from 0) into an empty hash table; how many keys were there already."""
    mask, repeats = np.uint64(len(slots) - 1), 0
    for n in range(len(keys)):
        slot = (keys[n] * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(20) & mask
        while held[slot] >= 0 and slots[slot] != keys[n]:
            slot = (slot + np.uint64(1)) & mask
        repeats += held[slot] >= 0
        slots[slot] = keys[n]
        held[slot] = values[n]
    return repeats


@njit(nogil=True, cache=True)
def look(ids, values, first):
    """The value at every id, the first value being that of `first`; -1 for an id before that and beyond the end."""
    found = np.empty(len(ids), np.int32)
    end = len(values)
    for n in range(len(ids)):
        place = np.int64(ids[n]) - first
        found[n] = values[place] if 0 <= place < end else -1
    return found


@njit(nogil=True, cache=True)
def find(keys, slots, held):
    """The value of every key, -1 where it is not in the table."""
    mask = np.uint64(len(slots) - 1)
    found = np.empty(len(keys), np.int32)
    for n in range(len(keys)):
        if n and keys[n] == keys[n - 1]:
            found[n] = found[n - 1]
            continue
        slot = (keys[n] * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(20) & mask
        while held[slot] >= 0 and slots[slot] != keys[n]:
            slot = (slot + np.uint64(1)) & mask
        found[n] = held[slot]
    return found
