"""Comparison of numbers: pairs, k-th biggest, closest, sorting."""

from mathbench.generators.deepmind.comparison.closest import CLOSEST
from mathbench.generators.deepmind.comparison.kth import KTH_BIGGEST
from mathbench.generators.deepmind.comparison.sort import SORT
from mathbench.generators.deepmind.comparison.two_values import PAIR
from mathbench.generators.deepmind.kernel.module import DifficultyLevel, composed_module

_DEEPER = DifficultyLevel("deeper", (3, 10), modules=(5, 5), apart=True)

MODULES = (
    PAIR.holding(easy=120_000),
    composed_module(PAIR, _DEEPER),
    *(
        module
        for single in (KTH_BIGGEST, CLOSEST, SORT)
        for module in (single, composed_module(single, _DEEPER))
    ),
)
