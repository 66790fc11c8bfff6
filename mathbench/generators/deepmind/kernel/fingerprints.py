"""Canonical forms of problems: hashes of sequences, sets, polynomials and expressions up to symmetry."""

from typing import NamedTuple

import numpy as np

from mathbench.generators.deepmind.kernel.expression_trees import (
    ADD,
    MUL,
    POW,
    IntegerArray,
    children,
    depth_levels,
)
from mathbench.generators.deepmind.kernel.random import Bool
from mathbench.hashing import GOLDEN, U64, Int, mix64


def hash_words(*numbers: Int | U64) -> U64:
    """A hash of a sequence of numbers, which depends on their order.

    Args:
        numbers: int64 or uint64 arrays whose shapes broadcast.

    >>> bool((hash_words(np.array([1, 2]), np.array([2, 1])) == hash_words(np.array([1, 2]), np.array([2, 1]))).all())
    True
    """
    state = np.zeros((), dtype=np.uint64)
    for number in numbers:
        state = mix64(state + np.uint64(GOLDEN) + number.astype(np.uint64))
    return state


def hash_set(words: U64, live: Bool) -> U64:
    """A hash of a multiset of words, which does not depend on their order, uint64 (n,).

    Args:
        words: uint64 (t, n), well mixed.
        live: bool (t, n), which words belong to the set.
    """
    return np.where(live, words, np.uint64(0)).sum(axis=0, dtype=np.uint64)


def hash_list(*numbers: Int | U64) -> Int:
    """The hash of a sequence of numbers as a canonical problem, int64 (1, n)."""
    return hash_words(*numbers).view(np.int64)[None]


def hash_polynomial(coefficients: Int) -> U64:
    """A hash of polynomials, uint64 (n,), which does not depend on the length of the arrays.

    Args:
        coefficients: int64 (d + 1, n); row i belongs to the power i.
    """
    powers = np.arange(len(coefficients))[:, None]
    return hash_set(hash_words(powers, coefficients), coefficients != 0)


def sign_folded(values: Int) -> Int:
    """Map integers one to one to non-negative integers (zigzag encoding); int64, absolute value below 2^62.

    Needed where -1 can occur, since fingerprints skip -1 as an absent number.

    >>> sign_folded(np.array([0, -1, 1, -2])).tolist()
    [0, 1, 2, 3]
    """
    return (values << 1) ^ (values >> 63)


def sorted_pair(first: Int, second: Int, where: Bool) -> Int:
    """Stack two operands, the smaller one first in problems where their order does not matter.

    Operands are compared lexicographically.

    Args:
        first, second: int64 (k, n), the numbers of each operand.
        where: bool (n,), the problems in which the order does not matter.

    Returns:
        int64 (2 k, n).

    >>> sorted_pair(np.array([[5, 5], [1, 1]]), np.array([[5, 5], [0, 0]]), np.array([True, False])).T.tolist()
    [[5, 0, 5, 1], [5, 1, 5, 0]]
    """
    swap, tied = np.zeros(len(where), np.bool_), where
    for a, b in zip(first, second, strict=True):
        swap |= tied & (a > b)
        tied = tied & (a == b)
    return np.concatenate([np.where(swap, second, first), np.where(swap, first, second)])


_SALT = mix64(np.arange(1, POW + 2, dtype=np.uint64) * np.uint64(GOLDEN))  # by kind


def commutative_hash(kind: IntegerArray, left: IntegerArray, right: IntegerArray, leaf: Int) -> Int:
    """Hash expressions so that the order of the terms of a sum and of the factors of a product does not matter.

    Nested sums count as one sum and nested products as one product, with or without brackets.

    Args:
        kind, left, right: int64 (k, n), trees as in :mod:`mathbench.generators.deepmind.kernel.expression_trees`.
        leaf: int64 (k, n), a number that identifies the leaf.

    Returns:
        int64 (n,).

    >>> from mathbench.generators.deepmind.kernel.expression_trees import LEAF
    >>> kind, left, right = (np.array([column] * 2).T for column in ([ADD, LEAF, LEAF], [1, 0, 0], [2, 0, 0]))
    >>> one, other = commutative_hash(kind, left, right, np.array([[0, 0], [7, 8], [8, 7]]))
    >>> bool(one == other)
    True
    """
    below, words = _Hashes(*[np.empty(0, np.uint64)] * 3), leaf.ravel()
    for level in reversed(depth_levels(kind, left, right)):
        alone = mix64(words.take(level.at).view(np.uint64) * np.uint64(GOLDEN))
        found, op = _operations(level.kind.take(level.operations), below), level.operations
        below = _Hashes(alone, *([alone.copy(), alone.copy()] if len(op) else [alone, alone]))
        for table, here in zip(below, found, strict=True):
            table[op] = here
    return below.alone.view(np.int64)


class _Hashes(NamedTuple):
    """Hashes of expressions.

    Attributes:
        alone: uint64 (m,), the hash of the expression.
        terms, factors: uint64 (m,), the sum of the hashes of its terms, or of its factors.
    """

    alone: U64
    terms: U64
    factors: U64


def _operations(op: IntegerArray, operands: _Hashes) -> _Hashes:
    """Hashes of operations, (p,), from those of their operands, first all left and then all right ones."""
    (first, second), salt = children(operands.alone), _SALT.take(op)
    terms, factors = (np.add(*children(part)) for part in operands[1:])
    sums, products = op == ADD, op == MUL
    inside = np.where(sums, terms, factors)
    found = mix64(np.where(sums | products, inside ^ salt, mix64(first ^ salt) + second))
    return _Hashes(found, np.where(sums, terms, found), np.where(products, factors, found))
