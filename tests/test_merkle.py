"""The Merkle tree: published roots, the recursive definition of the RFC, and proofs that cannot be bent."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.keep.merkle import Tree, consistency_path, inclusion_path, root
from data.keep.verifier import consistency_holds, inclusion_holds, leaf_hash, tree_root

# the leaves and roots of the Certificate Transparency reference implementation
CT_LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
sizes = st.integers(1, 200)


def leaves(size: int) -> list[bytes]:
    return [b"leaf %d" % place for place in range(size)]


def defined(d: list[bytes]) -> bytes:
    """MTH of RFC 6962 2.1, word for word."""
    if not d:
        return hashlib.sha256().digest()
    if len(d) == 1:
        return hashlib.sha256(b"\x00" + d[0]).digest()
    k = split(len(d))
    return hashlib.sha256(b"\x01" + defined(d[:k]) + defined(d[k:])).digest()


def split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def path(m: int, d: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962 2.1.1, word for word."""
    if len(d) == 1:
        return []
    k = split(len(d))
    return [*path(m, d[:k]), defined(d[k:])] if m < k else [*path(m - k, d[k:]), defined(d[:k])]


def subproof(m: int, d: list[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962 2.1.2, word for word."""
    if m == len(d):
        return [] if whole else [defined(d)]
    k = split(len(d))
    if m <= k:
        return [*subproof(m, d[:k], whole), defined(d[k:])]
    return [*subproof(m - k, d[k:], False), defined(d[:k])]


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size: int) -> None:
    assert Tree(CT_LEAVES[:size]).root().hex() == CT_ROOTS[size]
    assert tree_root(CT_LEAVES[:size]).hex() == CT_ROOTS[size]
    assert Tree(CT_LEAVES).root(size).hex() == CT_ROOTS[size]


@given(sizes, st.data())
def test_proofs_are_those_of_the_rfc(size: int, data: st.DataObject) -> None:
    d, tree = leaves(size), Tree(leaves(size))
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    assert root(size, tree.node) == defined(d) == tree_root(d)
    assert inclusion_path(index, size, tree.node) == path(index, d)
    assert consistency_path(old, size, tree.node) == subproof(old, d, True)


@given(sizes, st.data())
def test_inclusion(size: int, data: st.DataObject) -> None:
    tree = Tree(leaves(size + 5))
    index = data.draw(st.integers(0, size - 1))
    proof, top, leaf = inclusion_path(index, size, tree.node), tree.root(size), tree.node(0, index)
    assert inclusion_holds(index, size, leaf, proof, top)
    assert not inclusion_holds(index, size, leaf_hash(b"another"), proof, top)
    assert not inclusion_holds(size, size, leaf, proof, top)
    assert not inclusion_holds(index, size, leaf, [*proof, top], top)
    assert not inclusion_holds(index, size, leaf, proof, tree.root(size + 1))
    other = data.draw(st.integers(0, size - 1))
    assert inclusion_holds(other, size, leaf, proof, top) == (other == index)
    for place in range(len(proof)):
        assert not inclusion_holds(index, size, leaf, bent(proof, place), top)
    for larger in (2 * size, 2 * size + 1):  # a root does not tell its size; a proof of another length must
        assert not inclusion_holds(index, larger, leaf, proof, top)


@given(sizes, st.data())
def test_consistency(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(0, size))
    tree = Tree(leaves(size))
    proof, before, after = consistency_path(old, size, tree.node), tree.root(old), tree.root()
    assert consistency_holds(old, before, size, after, proof)
    assert not consistency_holds(old, before, size, leaf_hash(b"another"), proof) or old == 0
    assert not consistency_holds(old, leaf_hash(b"another"), size, after, proof)
    assert not consistency_holds(old, before, size, after, [*proof, after])
    for place in range(len(proof)):
        assert not consistency_holds(old, before, size, after, bent(proof, place))


@given(st.integers(2, 60), st.data())
def test_a_rewritten_past_has_no_proof(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, size - 1))
    changed = data.draw(st.integers(0, old - 1))
    d = leaves(size)
    noted = Tree(d[:old]).root()
    d[changed] = b"rewritten"
    forged = Tree(d)
    assert not consistency_holds(old, noted, size, forged.root(), consistency_path(old, size, forged.node))


def test_what_never_was_is_refused() -> None:
    tree = Tree(leaves(3))
    with pytest.raises(ValueError, match="no leaf 3 in a tree of 3"):
        inclusion_path(3, 3, tree.node)
    with pytest.raises(ValueError, match="never had 4"):
        consistency_path(4, 3, tree.node)


def test_an_append_costs_one_node_on_average() -> None:
    tree = Tree(leaves(1 << 12))
    assert sum(map(len, tree.levels)) == 2 * (1 << 12) - 1


def bent(proof: list[bytes], place: int) -> list[bytes]:
    changed = bytes([proof[place][0] ^ 1]) + proof[place][1:]
    return [*proof[:place], changed, *proof[place + 1 :]]
