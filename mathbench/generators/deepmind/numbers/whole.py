"""Which values may be hidden."""

from collections.abc import Sequence

import numpy as np

from mathbench.generators.deepmind.kernel.chance import Bool
from mathbench.generators.deepmind.kernel.values import Numbers


def hidden_if_whole(numbers: Sequence[Numbers]) -> Bool:
    """Integers, bool (numbers, n): what every module that defines numbers can define."""
    return np.stack([number.integer for number in numbers])
