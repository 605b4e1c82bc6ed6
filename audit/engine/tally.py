"""The compiled loops that count a batch of showings; apart, so that importing the engine need not load the compiler."""

import numpy as np
from numba import njit

TIES, SHORT, SKIPPED = 0, 1, 2


@njit(nogil=True, cache=True)
def inner(user):
    """Where the second list of the batch starts and where the last one does; both the length if there are not two."""
    n = len(user)
    first = 0
    while first < n and user[first] == user[0]:
        first += 1
    last = n
    while last > first and user[last - 1] == user[n - 1]:
        last -= 1
    return first, last


@njit(nogil=True, cache=True)
def add(part, item, rank, n_items, k, cells):
    """Add every row to its cell; a loop of its own, so that many far cells are fetched at once."""
    items, ranks, one = np.uint64(n_items), np.uint64(k), np.uint32(1)
    for row in range(len(item)):
        cells[(np.uint64(part[row]) * items + np.uint64(item[row])) * ranks + np.uint64(rank[row] - 1)] += one


@njit(nogil=True, cache=True)
def weigh(cells, weight):
    """Weighted sum of each run of as many cells as there are weights."""
    k = len(weight)
    sums = np.zeros(len(cells) // k)
    for pair in range(len(sums)):
        total = 0.0
        for place in range(k):
            total += weight[place] * cells[pair * k + place]
        sums[pair] = total
    return sums


@njit(nogil=True, cache=True)
def tally(user, part, item, rank, n_items, k, lists, repeated, short, seen, placed, odd, keys, number):
    """Look at whole lists, each a run of rows of one user; returns how many runs, and the number of the last list.

    `seen` and `placed` hold the number of the last list that showed the item, and that filled the rank.
    """
    runs, start, deepest, n = 0, 0, 0, len(user)
    for row in range(n):
        if row == start:
            keys[runs] = user[row]
            runs += 1
            number += 1
            deepest = 0
            lists[part[row]] += 1
        i, r = np.uint64(item[row]), np.uint64(rank[row])
        if seen[i] == number:
            repeated[np.int64(part[row]) * n_items + item[row]] += 1
        seen[i] = number
        if placed[r] == number:
            odd[TIES] += 1
        placed[r] = number
        deepest = max(deepest, rank[row])
        if row + 1 == n or user[row + 1] != user[row]:
            length = row + 1 - start
            if deepest != length:
                odd[SKIPPED] += 1
            if length < k:
                odd[SHORT] += 1
                for place in range(start, row + 1):
                    short[np.int64(part[place]) * n_items + item[place]] += 1 / length - 1 / k
            start = row + 1
    return runs, number


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
