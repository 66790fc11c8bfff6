"""Expressions with square roots, drawn from the root of the tree down and evaluated from the leaves up.

Every subexpression is a + b*sqrt(m) for its own radicand m: the prime, the prime times squares, or, in fractions such
as sqrt(15)/sqrt(5), another number.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.kernel import expression_trees, templates
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.entropy import UNIT
from mathbench.generators.deepmind.kernel.fingerprints import commutative_hash
from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.generators.deepmind.kernel.rationals import fits_in_63_bits
from mathbench.hashing import Int
from mathbench.numbers import text

_MAX_NODES = 63  # that fit into a question
_MAX_LENGTH = 150  # of an expression, in characters
_MAX_GROWING = 64  # larger radicands do not grow
# the steps of drawing a node; _SQUARE only multiplies its radicand by a square
_SUM, _TIMES, _PLUS, _POWER, _OVER, _SQUARE = range(6)
_ADDED = np.array([10, 2, 4, 3, 8, 0])  # minimum number of characters that each step adds
_OPEN = -2  # the kind of a node that is still to be drawn


@dataclass(frozen=True)
class SurdExpressions(Columns):
    """Expressions with square roots.

    Attributes:
        kind, left, right: int64 (k, n), as in :mod:`mathbench.generators.deepmind.kernel.expression_trees`.
        number: int64 (k, n), of a leaf: an integer, or the radicand of its root.
        rooted: bool (k, n), which leaves are roots.
        commutative_hash: int64 (n,), equal for expressions that differ only in the order of terms or factors.
    """

    kind: Int
    left: Int
    right: Int
    number: Int
    rooted: Bool
    commutative_hash: Int

    def rendered(self) -> pa.StringArray:
        """As text, strings (n,)."""
        leaves = np.flatnonzero(self.kind == expression_trees.LEAF)
        number, rooted = self.number.ravel()[leaves], self.rooted.ravel()[leaves]
        root, close = (text.literal(part, len(leaves), rooted) for part in ("sqrt(", ")"))
        texts = text.join(root, templates.signed_text(number), close)
        position = np.zeros(self.kind.size, dtype=np.int64)
        position[leaves] = np.arange(len(leaves))
        precedence = np.where(
            self.rooted,
            expression_trees.POWER,
            np.where(self.number < 0, expression_trees.PRODUCT, expression_trees.ATOM),
        )
        trees = expression_trees.ExpressionTrees(
            self.kind, self.left, self.right, precedence, np.zeros(self.kind.shape, np.bool_)
        )
        return trees.rendered(position.reshape(self.kind.shape), texts)


class Draft:
    """Expressions under construction, one node of each at a time, in the order of their numbers.

    Args:
        prime: int64 (n,), the radicand of the whole expression.
        entropy: int64 (n,), units.

    Attributes:
        kind, left, right, number, rooted: the tables of `SurdExpressions`, as far as they are drawn.
        entropy: int64 (k, n), units for the node.
        scale: int64 (k, n), the factor of b for the squares that were multiplied into the radicand.
        powers: bool (k, n), which nodes may be squared.
        multiple: bool (k, n), which nodes must be multiples of their root, without a rational summand.
        used: int64 (n,), the number of nodes.
        length: int64 (n,), a lower bound of the length of the text.
    """

    def __init__(self, prime: Int, entropy: Int):
        shape = (_MAX_NODES + 3, len(prime))
        self.kind = np.full(shape, expression_trees.NONE)
        self.left, self.right, self.number, self.entropy = np.zeros((4, *shape), dtype=np.int64)
        self.scale = np.ones(shape, dtype=np.int64)
        self.rooted, self.powers, self.multiple = np.zeros((3, *shape), dtype=np.bool_)
        self.used, self.length = np.ones_like(prime), np.full(len(prime), 7)
        self.kind[0], self.number[0], self.entropy[0], self.powers[0] = _OPEN, prime, entropy, True

    @property
    def full(self) -> Bool:
        """Which expressions are too long, bool (n,)."""
        return (self.used > _MAX_NODES) | (self.length > _MAX_LENGTH)

    def grow(self, rng: RandomStream, node: int) -> None:
        """Draw one node of each expression."""
        rows = np.flatnonzero((self.kind[node] == _OPEN) & ~self.full)
        rng = rng.take(rows)
        steps = self._draw_steps(rng, node, rows)
        leaf = self.entropy[node, rows] <= 0
        self.kind[node, rows[leaf]], self.rooted[node, rows[leaf]] = expression_trees.LEAF, True
        grown = np.flatnonzero(~leaf)
        rows, steps, rng = rows[grown], steps[grown], rng.take(grown)
        self.length[rows] += _ADDED.take(steps)
        self.left[node, rows], self.right[node, rows] = self.used[rows], self.used[rows] + 1
        self.used[rows] += 2
        functions = {
            _SUM: self._sum,
            _TIMES: self._times,
            _PLUS: self._plus,
            _POWER: self._power,
            _OVER: self._over,
        }
        for step, function in functions.items():
            index = np.flatnonzero(steps == step)
            function(rng.take(index), node, rows[index])

    def _draw_steps(self, rng: RandomStream, node: int, rows: Int) -> Int:
        """Draw the step of each node, and repeat where it is _SQUARE, after growing the radicand."""
        steps, rng = np.full(len(rows), _SQUARE), rng.fork()
        while len(pending := np.flatnonzero((steps == _SQUARE) & (self.entropy[node, rows] > 0))):
            here, child = rows[pending], rng.take(pending)
            free, small = ~self.multiple[node, here], self.number[node, here] < _MAX_GROWING
            always = np.ones_like(free)
            live = np.stack([always, always, free, free & self.powers[node, here], small, small])
            steps[pending] = child.choose(live)
            own = np.minimum(self.entropy[node, here], UNIT)
            factor = child.integer(own, signed=False, minimum=2)
            square = steps[pending] == _SQUARE
            at = node, here[square]
            self.number[at] *= factor[square] ** 2
            self.scale[at] *= factor[square]
            self.entropy[at] -= own[square]
        return steps

    def _open(self, number: Int, rows: Int, under: Int, entropy: Int, powers: Bool, multiple: Bool) -> None:
        """Add a node that is still to be drawn."""
        self.kind[number, rows], self.number[number, rows] = _OPEN, under
        self.entropy[number, rows] = entropy
        self.powers[number, rows], self.multiple[number, rows] = powers, multiple

    def _open_like(self, node: int, rows: Int, number: Int, entropy: Int) -> None:
        """Add a node that is still to be drawn, with the radicand and the restrictions of its parent."""
        powers, multiple = self.powers[node, rows], self.multiple[node, rows]
        self._open(number, rows, self.number[node, rows], entropy, powers, multiple)

    def _set_integer(self, number: Int, rows: Int, value: Int) -> None:
        self.kind[number, rows], self.number[number, rows] = expression_trees.LEAF, value

    def _share_entropy(self, rng: RandomStream, entropy: Int) -> tuple[Int, Int]:
        """Split entropy in halves, or give all to one of two where a half is less than a decade."""
        less = np.where(entropy < 2 * UNIT, 0, entropy // 2)
        swap = rng.bernoulli()
        return np.where(swap, entropy - less, less), np.where(swap, less, entropy - less)

    def _sum(self, rng: RandomStream, node: int, rows: Int) -> None:
        left, right = self._share_entropy(rng, self.entropy[node, rows])
        self.kind[node, rows] = np.where(rng.bernoulli(), expression_trees.ADD, expression_trees.SUB)
        self._open_like(node, rows, self.left[node, rows], left)
        self._open_like(node, rows, self.right[node, rows], right)

    def _with_integer(self, rng: RandomStream, node: int, rows: Int, kind: int, minimum: int) -> None:
        own, swap = np.minimum(self.entropy[node, rows], UNIT), rng.bernoulli()
        left, right = self.left[node, rows], self.right[node, rows]
        self.kind[node, rows] = kind
        self._set_integer(np.where(swap, right, left), rows, rng.integer(own, minimum=minimum))
        self._open_like(node, rows, np.where(swap, left, right), self.entropy[node, rows] - own)

    def _times(self, rng: RandomStream, node: int, rows: Int) -> None:
        self._with_integer(rng, node, rows, expression_trees.MUL, minimum=1)

    def _plus(self, rng: RandomStream, node: int, rows: Int) -> None:
        self._with_integer(rng, node, rows, expression_trees.ADD, minimum=0)

    def _power(self, rng: RandomStream, node: int, rows: Int) -> None:
        self.kind[node, rows] = expression_trees.POW
        self._open_like(node, rows, self.left[node, rows], self.entropy[node, rows])
        self.powers[self.left[node, rows], rows] = False
        self._set_integer(self.right[node, rows], rows, np.full(len(rows), 2))

    def _over(self, rng: RandomStream, node: int, rows: Int) -> None:
        own = np.minimum(self.entropy[node, rows], UNIT)
        factor = rng.integer(own, signed=False, minimum=2)
        left, right = self._share_entropy(rng, self.entropy[node, rows] - own)
        self.kind[node, rows] = expression_trees.DIV
        powers, multiple = self.powers[node, rows], np.ones(len(rows), np.bool_)
        self._open(self.left[node, rows], rows, self.number[node, rows] * factor, left, powers, multiple)
        self._open(self.right[node, rows], rows, factor, right, powers, multiple)


def draw_expressions(
    rng: RandomStream, prime: Int, entropy: Int
) -> tuple[SurdExpressions, tuple[Int, Int, Int], Bool]:
    """Draw expressions of the form (a + b*sqrt(prime)) / c.

    Args:
        rng: random streams.
        prime: int64 (n,).
        entropy: int64 (n,), units.

    Returns:
        The expressions; a, b and c, int64 (n,) each, c at least 1; and bool (n,), which ones are valid: others divide
        by zero, are too long for a question, or exceed 63 bits.
    """
    draft, rng = Draft(prime, entropy), rng.fork()
    for node in range(_MAX_NODES):
        draft.grow(rng.fork(), node)
    good = ~draft.full & ~(draft.kind == _OPEN).any(axis=0)
    kind = np.where(good, draft.kind, expression_trees.NONE)
    size = int(draft.used[good].max(initial=1))
    tree = kind[:size], draft.left[:size], draft.right[:size]
    number, rooted = draft.number[:size], draft.rooted[:size]
    alike = commutative_hash(*tree, 2 * number + rooted)
    a, b, c, right = _evaluate(*tree, number, rooted, draft.scale[:size])
    return SurdExpressions(*tree, number, rooted, alike), (a, b, c), good & right


def _evaluate(
    kind: Int, left: Int, right: Int, number: Int, rooted: Bool, scale: Int
) -> tuple[Int, Int, Int, Bool]:
    """The values (a + b*sqrt(m)) / c of expressions, int64 (n,) each; and bool (n,), where 63 bits were enough."""
    a, b, c = (
        np.where(kind == expression_trees.LEAF, part, fill) for part, fill in ((number, 0), (0, 0), (1, 1))
    )
    a[rooted], b[rooted] = 0, scale[rooted]
    good = np.ones(kind.shape[1], np.bool_)
    for node in range(len(kind) - 1, -1, -1):
        for operations, evaluate in _EVALUATORS.items():
            rows = np.flatnonzero(np.isin(kind[node], operations))
            one, other = (
                (a[at, rows], b[at, rows], c[at, rows]) for at in (left[node, rows], right[node, rows])
            )
            found = evaluate(one, other, number[node, rows], kind[node, rows])
            *parts, fine = _reduced(*found)
            fine &= fits_in_63_bits(parts[1], scale[node, rows])
            good[rows[~fine]] = False
            for table, part, none in zip((a, b, c), parts, (0, 0, 1), strict=True):
                table[node, rows] = np.where(fine, part, none)
            b[node, rows] *= scale[node, rows]
    return a[0], b[0], c[0], good


Value = tuple[Int, Int, Int]  # a, b and c of (a + b*sqrt(m)) / c
CheckedValue = tuple[Int, Int, Int, Bool]  # the same, and where 63 bits were enough


def _reduced(a: Int, b: Int, c: Int, good: Bool) -> CheckedValue:
    """Reduce values to lowest terms with a positive c."""
    a, b, c = np.where(good, a, 0), np.where(good, b, 0), np.where(good, c, 1)
    common = np.gcd(np.gcd(a, b), c) * np.sign(c)
    return a // common, b // common, c // common, good


def _sums(one: Value, other: Value, under: Int, kind: Int) -> CheckedValue:
    good = fits_in_63_bits(one[2], other[2])
    for part in range(2):
        good &= fits_in_63_bits(one[part], other[2]) & fits_in_63_bits(other[part], one[2])
    sign = np.where(kind == expression_trees.ADD, 1, -1)
    a, b = (one[part] * other[2] + sign * other[part] * one[2] for part in range(2))
    return a, b, one[2] * other[2], good


def _products(one: Value, other: Value, under: Int, kind: Int) -> CheckedValue:
    """Products in which one factor is an integer, so that one b is 0."""
    good = fits_in_63_bits(one[2], other[2])
    for x, y in ((0, 0), (0, 1), (1, 0)):
        good &= fits_in_63_bits(one[x], other[y])
    return one[0] * other[0], one[0] * other[1] + one[1] * other[0], one[2] * other[2], good


def _powers(one: Value, other: Value, under: Int, kind: Int) -> CheckedValue:
    a, b, c = one
    good = fits_in_63_bits(a, a) & fits_in_63_bits(2 * a, b) & fits_in_63_bits(c, c) & fits_in_63_bits(b, b)
    good &= fits_in_63_bits(np.where(good, b * b, 0), under)
    return a * a + b * b * under, 2 * a * b, c * c, good


def _quotients(one: Value, other: Value, under: Int, kind: Int) -> CheckedValue:
    """Quotients of multiples of roots, in which both a are 0."""
    good = (other[1] != 0) & fits_in_63_bits(one[1], other[2]) & fits_in_63_bits(other[1], one[2])
    return np.zeros_like(one[1]), one[1] * other[2], np.where(good, other[1] * one[2], 1), good


# the operations that each function evaluates
_EVALUATORS = {
    (expression_trees.ADD, expression_trees.SUB): _sums,
    (expression_trees.MUL,): _products,
    (expression_trees.POW,): _powers,
    (expression_trees.DIV,): _quotients,
}
