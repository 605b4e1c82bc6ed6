"""The compiled loops that count a batch of showings; apart, so that importing the engine need not load the compiler."""

import numpy as np
from numba import njit

TIES, SHORT, SKIPPED = 0, 1, 2


@njit(nogil=True, cache=True)
def add(starts, part, item, rank, n_items, k, cells):
    """Add every row of whole lists to its cell; a loop of its own, so that many far cells are fetched at once."""
    items, ranks, one = np.uint64(n_items), np.uint64(k), np.uint32(1)
    for each in range(len(part)):
        first = np.uint64(part[each]) * items
        for row in range(starts[each], starts[each + 1]):
            cells[(first + np.uint64(item[row])) * ranks + np.uint64(rank[row]) - np.uint64(1)] += one


@njit(nogil=True, cache=True)
def tally(starts, part, item, rank, n_items, k, lists, repeated, short, seen, placed, odd, number):
    """Look at whole lists, list by list; returns the number of the last one.

    `seen` and `placed` hold the number of the last list that showed the item, and that filled the rank.
    """
    for each in range(len(part)):
        number += 1
        start, stop, own = starts[each], starts[each + 1], np.int64(part[each])
        lists[own] += 1
        deepest = 0
        for row in range(start, stop):
            i, r = np.uint64(item[row]), np.uint64(rank[row])
            if seen[i] == number:
                repeated[own * n_items + item[row]] += 1
            seen[i] = number
            if placed[r] == number:
                odd[TIES] += 1
            placed[r] = number
            deepest = max(deepest, np.int64(rank[row]))
        length = stop - start
        if deepest != length:
            odd[SKIPPED] += 1
        if length < k:
            odd[SHORT] += 1
            for row in range(start, stop):
                short[own * n_items + item[row]] += 1 / length - 1 / k
    return number


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
def look(ids, values):
    """The value at every id, -1 below 0 and beyond the end."""
    found = np.empty(len(ids), np.int32)
    end = len(values)
    for n in range(len(ids)):
        place = np.int64(ids[n])
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
