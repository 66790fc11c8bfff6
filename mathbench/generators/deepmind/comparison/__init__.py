"""Comparison: which of two is bigger, which of many is the k-th, which is closest, which order they have."""

from mathbench.generators.deepmind.comparison.closest import CLOSEST
from mathbench.generators.deepmind.comparison.kth import KTH_BIGGEST
from mathbench.generators.deepmind.comparison.sort import SORT
from mathbench.generators.deepmind.comparison.two_values import PAIR
from mathbench.generators.deepmind.kernel.module import DifficultyLevel, composed_module

_DEEPER = DifficultyLevel("deeper", (3, 10), modules=(5, 5), apart=True)

MODULES = (
    PAIR.holding(easy=120_000),
    composed_module(PAIR, _DEEPER),
    *(module for pure in (KTH_BIGGEST, CLOSEST, SORT) for module in (pure, composed_module(pure, _DEEPER))),
)
