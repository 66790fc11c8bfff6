"""Operands: how two numbers share the entropy of a question."""

import numpy as np

from mathbench.generators.deepmind.kernel.chance import Chance
from mathbench.generators.deepmind.kernel.entropy import UNIT
from mathbench.task import Int


def shared(chance: Chance, entropy: Int) -> tuple[Int, Int]:
    """The entropy of two numbers at random, at least one decade each.

    Args:
        chance: random choices.
        entropy: int64 (n,), units for both.
    """
    first = np.maximum(chance.below(entropy + 1), UNIT)
    return first, np.maximum(entropy - first, UNIT)
