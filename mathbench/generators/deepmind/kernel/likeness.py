"""Likeness: hashes of expressions that do not change when terms of a sum or factors of a product change places."""

import numpy as np

from mathbench.generators.deepmind.kernel.tape import ADD, LEAF, MUL, SQRT
from mathbench.hashing import GOLDEN, U64, mix
from mathbench.task import Int

_SALT = mix(np.arange(1, SQRT + 2, dtype=np.uint64) * np.uint64(GOLDEN))  # by kind


def likeness(kind: Int, left: Int, right: Int, leaf: U64) -> Int:
    """Hash expressions.

    Sums within a sum, and products within a product, are taken apart: they are shown without brackets, or mean the
    same with them.

    Args:
        kind, left, right: int64 (k, n), trees as in :mod:`mathbench.generators.deepmind.kernel.tape`.
        leaf: uint64 (k, n), a hash of each leaf.

    Returns:
        int64 (n,).

    >>> kind, left, right = (np.array([column] * 2).T for column in ([ADD, LEAF, LEAF], [1, 0, 0], [2, 0, 0]))
    >>> one, other = likeness(kind, left, right, np.array([[0, 0], [7, 8], [8, 7]], dtype=np.uint64))
    >>> bool(one == other)
    True
    """
    whole = leaf.copy()
    together = {ADD: leaf.copy(), MUL: leaf.copy()}  # the sum of the hashes of all terms, or of all factors
    for node in range(len(kind) - 1, -1, -1):
        for op in range(LEAF + 1, SQRT + 1):
            rows = np.flatnonzero(kind[node] == op)
            if not len(rows):
                continue
            first, second = left[node, rows], right[node, rows]
            if op in together:
                inside = together[op][first, rows] + together[op][second, rows]
                found = mix(inside ^ _SALT[op])
            else:
                inside, found = None, mix(mix(whole[first, rows] ^ _SALT[op]) + whole[second, rows])
            whole[node, rows] = found
            for other, table in together.items():
                table[node, rows] = inside if other == op and inside is not None else found
    return whole[0].view(np.int64)
