"""Merkle tree of RFC 6962: an append costs O(1) hashes on average, a proof O(log n) look-ups of stored subtrees.

Everything works on `node(level, place)`, the hash of the complete subtree over the 2^level leaves from
place·2^level on, wherever it is stored. Verification is in `data.keep.verifier`, which travels alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from data.keep.verifier import EMPTY_ROOT, leaf_hash, node_hash

Node = Callable[[int, int], bytes]


class Tree:
    """A tree in memory; `levels[l][p]` is node(l, p)."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self.levels: list[list[bytes]] = [[]]
        for leaf in leaves:
            self.append(leaf)

    def __len__(self) -> int:
        return len(self.levels[0])

    def append(self, leaf: bytes) -> int:
        """Add the bytes of one leaf; returns its index."""
        index = len(self)
        for level, _, digest in completed(index, leaf_hash(leaf), self.node):
            if level == len(self.levels):
                self.levels.append([])
            self.levels[level].append(digest)
        return index

    def node(self, level: int, place: int) -> bytes:
        """The hash of a complete subtree."""
        return self.levels[level][place]

    def root(self, size: int | None = None) -> bytes:
        """The root over the first `size` leaves, or over all."""
        return root(len(self) if size is None else size, self.node)


def completed(index: int, leaf: bytes, node: Node) -> list[tuple[int, int, bytes]]:
    """The subtrees (level, place, hash) that the leaf hash at `index` completes, the leaf itself first."""
    found = [(0, index, leaf)]
    level, place = 0, index
    while place & 1:
        digest = node_hash(node(level, place - 1), found[-1][2])
        level, place = level + 1, place >> 1
        found.append((level, place, digest))
    return found


def root(size: int, node: Node) -> bytes:
    """Merkle tree hash of the first `size` leaves; of none it is the hash of nothing."""
    return _hash_of(0, size, node) if size else EMPTY_ROOT


def inclusion_path(index: int, size: int, node: Node) -> list[bytes]:
    """PATH(index, D[size]) of RFC 6962 2.1.1: the siblings from the leaf up to the root."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    start, end, path = 0, size, []
    while end - start > 1:
        middle = start + _left(end - start)
        if index < middle:
            path.append(_hash_of(middle, end, node))
            end = middle
        else:
            path.append(_hash_of(start, middle, node))
            start = middle
    return path[::-1]


def consistency_path(old: int, size: int, node: Node) -> list[bytes]:
    """PROOF(old, D[size]) of RFC 6962 2.1.2: that the first `old` leaves are the tree they were; empty if 0 or equal."""
    if not 0 <= old <= size:
        raise ValueError(f"a tree of {size} leaves never had {old}")
    if old in (0, size):
        return []
    start, end, path, whole = 0, size, [], True
    while end != old:
        middle = start + _left(end - start)
        if old <= middle:
            path.append(_hash_of(middle, end, node))
            end = middle
        else:
            path.append(_hash_of(start, middle, node))
            start, whole = middle, False
    return [*([] if whole else [_hash_of(start, end, node)]), *path[::-1]]


def _left(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def _hash_of(start: int, end: int, node: Node) -> bytes:
    """Hash of the leaves from start to end, whose left part is complete at every split."""
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return node(level, start >> level)
    middle = start + _left(size)
    return node_hash(_hash_of(start, middle, node), _hash_of(middle, end, node))
