"""Likeness: hashes of expressions that do not change when terms of a sum or factors of a product change places."""

from typing import NamedTuple

import numpy as np

from mathbench.generators.deepmind.kernel.tape import ADD, MUL, POW
from mathbench.generators.deepmind.kernel.waves import Whole, halves, waves
from mathbench.hashing import GOLDEN, U64, mix
from mathbench.task import Int

_SALT = mix(np.arange(1, POW + 2, dtype=np.uint64) * np.uint64(GOLDEN))  # by kind


def likeness(kind: Whole, left: Whole, right: Whole, leaf: Int) -> Int:
    """Hash expressions.

    Sums within a sum, and products within a product, are taken apart: they are shown without brackets, or mean the
    same with them.

    Args:
        kind, left, right: int64 (k, n), trees as in :mod:`mathbench.generators.deepmind.kernel.tape`.
        leaf: int64 (k, n), what tells leaves apart.

    Returns:
        int64 (n,).

    >>> from mathbench.generators.deepmind.kernel.tape import LEAF
    >>> kind, left, right = (np.array([column] * 2).T for column in ([ADD, LEAF, LEAF], [1, 0, 0], [2, 0, 0]))
    >>> one, other = likeness(kind, left, right, np.array([[0, 0], [7, 8], [8, 7]]))
    >>> bool(one == other)
    True
    """
    below, words = _Hashes(*[np.empty(0, np.uint64)] * 3), leaf.ravel()
    for wave in reversed(waves(kind, left, right)):
        alone = mix(words.take(wave.at).view(np.uint64) * np.uint64(GOLDEN))
        found, op = _operations(wave.kind.take(wave.over), below), wave.over
        below = _Hashes(alone, *([alone.copy(), alone.copy()] if len(op) else [alone, alone]))
        for table, here in zip(below, found, strict=True):
            table[op] = here
    return below.alone.view(np.int64)


class _Hashes(NamedTuple):
    """Hashes of some expressions.

    Attributes:
        alone: uint64 (m,), of each on its own.
        terms, factors: uint64 (m,), the sums of the hashes of all its terms, or of all its factors.
    """

    alone: U64
    terms: U64
    factors: U64


def _operations(op: Whole, operands: _Hashes) -> _Hashes:
    """Hashes of operations, int64 (p,), from those of their operands."""
    (first, second), salt = halves(operands.alone), _SALT.take(op)
    terms, factors = (np.add(*halves(part)) for part in operands[1:])
    sums, products = op == ADD, op == MUL
    inside = np.where(sums, terms, factors)
    found = mix(np.where(sums | products, inside ^ salt, mix(first ^ salt) + second))
    return _Hashes(found, np.where(sums, terms, found), np.where(products, factors, found))
