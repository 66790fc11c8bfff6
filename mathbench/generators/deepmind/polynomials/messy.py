"""Powers of one variable as random trees of products, quotients and powers of powers."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from mathbench import text
from mathbench.generators.deepmind.kernel import hashes
from mathbench.generators.deepmind.kernel.chance import Bool, Chance
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.entropy import UNIT
from mathbench.generators.deepmind.kernel.fractions import rational
from mathbench.generators.deepmind.kernel.scope import letter
from mathbench.generators.deepmind.kernel.tape import ATOM, DIV, LEAF, MUL, NONE, POW, PRODUCT, Tape
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.hashing import U64
from mathbench.task import Int

NODES = 81  # a question has room for no more


@dataclass(frozen=True)
class Messy(Columns):
    """Powers that are not simplified.

    Attributes:
        tape: how variables and exponents hang together.
        top, bottom: int64 (nodes, n), numerators and denominators of exponents; 1 and 0 elsewhere.
        variable: int64 (n,), its code.
    """

    tape: Tape
    top: Int
    bottom: Int
    variable: Int

    def written(self) -> pa.StringArray:
        """The expressions as text."""
        leaves = self.tape.kind == LEAF
        constant = leaves & (self.bottom > 0)
        leaf = np.broadcast_to(np.arange(len(self.variable)), leaves.shape).copy()
        leaf[constant] = len(self.variable) + np.arange(constant.sum())
        numbers = Numbers(self.top[constant], self.bottom[constant], np.zeros(constant.sum(), np.bool_))
        texts = pa.concat_arrays([text.join(letter(self.variable)), text.join(numbers.written())])
        return self.tape.written(leaf, texts)


class Power(NamedTuple):
    """Expressions and the powers that they are.

    Attributes:
        shown: the expressions.
        top, bottom: int64 (n,), the exponents in lowest terms.
        word: uint64 (n,), hashes, the same whatever the order of factors.
        good: bool (n,), which ones may be used.
    """

    shown: Messy
    top: Int
    bottom: Int
    word: U64
    good: Bool


class _Plan(NamedTuple):
    """Trees: for each node int64 (nodes, n), kind, operands and exponents, and the units left for what is below."""

    kind: Int
    left: Int
    right: Int
    top: Int
    bottom: Int
    entropy: Int


def messy(chance: Chance, entropy: Int, most: Int, variable: Int) -> Power:
    """Draw powers that are not simplified.

    Args:
        chance: random choices.
        entropy: int64 (n,), units.
        most: int64 (n,), units that one exponent may have.
        variable: int64 (n,), its code.
    """
    plan, good = _planned(chance.fork(), entropy, most)
    simple = (plan.bottom == 0) | ((plan.bottom == 1) & (plan.top >= 0))
    holds, minus = np.where(simple, ATOM, PRODUCT), np.zeros(plan.kind.shape, dtype=np.bool_)
    tape = Tape(plan.kind, plan.left, plan.right, holds, minus)
    top, bottom, word = _worth(plan)
    return Power(Messy(tape, plan.top, plan.bottom, variable), top, bottom, word, good)


def _planned(chance: Chance, entropy: Int, most: Int) -> tuple[_Plan, Bool]:
    """Decide from the root down what each node is; and which trees have not grown too large."""
    plan = _Plan(*(np.full((NODES, len(entropy)), start) for start in (NONE, 0, 0, 1, 0, 0)))
    plan.kind[0], plan.entropy[0] = LEAF, entropy
    free, good = np.ones(len(entropy), dtype=np.int64), np.ones(len(entropy), dtype=np.bool_)
    for node in range(NODES):
        rows = np.flatnonzero((plan.kind[node] == LEAF) & (plan.entropy[node] > 0) & good)
        fits = free[rows] + 2 <= NODES
        good[rows[~fits]] = False
        rows, luck = rows[fits], chance.take(rows[fits])
        plan.kind[node, rows] = np.array([POW, MUL, DIV]).take(luck.below(3))
        plan.left[node, rows], plan.right[node, rows] = free[rows], free[rows] + 1
        _divide(luck, plan, node, rows, most[rows])
        free[rows] += 2
    return plan, good


def _divide(luck: Chance, plan: _Plan, node: int, rows: Int, most: Int) -> None:
    """Make the operands of some nodes."""
    left, right = plan.left[node, rows], plan.right[node, rows]
    entropy, powers = plan.entropy[node, rows], plan.kind[node, rows] == POW
    share = np.minimum(entropy, most)
    half = np.where(entropy // 2 < UNIT, 0, entropy // 2)
    half = np.where(luck.coin(), half, entropy - half)
    plan.kind[left, rows] = plan.kind[right, rows] = LEAF
    plan.entropy[left, rows] = np.where(powers, entropy - share, half)
    plan.entropy[right, rows] = np.where(powers, 0, entropy - half)
    whole, number, (top, bottom) = luck.coin(), luck.integer(share), rational(luck, share)
    plan.top[right, rows] = np.where(powers, np.where(whole, number, top), 1)
    plan.bottom[right, rows] = np.where(powers, np.where(whole, 1, bottom), 0)


def _worth(plan: _Plan) -> tuple[Int, Int, U64]:
    """From the leaves up: exponents as fractions, and hashes."""
    top, bottom = plan.top.copy(), np.maximum(plan.bottom, 1)
    part, whole = np.zeros(
        (2, *top.shape), dtype=np.uint64
    )  # hashes, as one factor of a product and on their own
    leaf = hashes.word(plan.top, plan.bottom)
    part[...], whole[...] = leaf, leaf
    for node in range(NODES - 1, -1, -1):
        rows = np.flatnonzero(plan.kind[node] > LEAF)
        left, right, kind = plan.left[node, rows], plan.right[node, rows], plan.kind[node, rows]
        a, b, c, d = top[left, rows], bottom[left, rows], top[right, rows], bottom[right, rows]
        over = np.where(kind == POW, a * c, a * d + np.where(kind == MUL, c * b, -c * b))
        common = np.gcd(over, b * d)
        top[node, rows], bottom[node, rows] = over // common, b * d // common
        ordered = hashes.word(whole[left, rows], kind, whole[right, rows])
        product = kind == MUL
        part[node, rows] = np.where(product, part[left, rows] + part[right, rows], ordered)
        whole[node, rows] = np.where(product, hashes.word(part[node, rows]), ordered)
    return top[0], bottom[0], whole[0]
