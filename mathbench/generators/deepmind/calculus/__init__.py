"""Calculus: derivatives of polynomials."""

from mathbench.generators.deepmind.calculus.derivative import Derivative
from mathbench.generators.deepmind.calculus.partial import PartialDerivative
from mathbench.generators.deepmind.kernel.module import DifficultyLevel

PARTIAL = PartialDerivative(
    "calculus__differentiate",
    version=2,
    axes=(
        DifficultyLevel("order=4-5", (3, 10), settings={"least_order": 4, "most_order": 5}, apart=True),
        DifficultyLevel("bigger", (12, 12)),
    ),
    settings={"least_order": 1, "most_order": 3},
)

DERIVATIVE = Derivative(
    "calculus__differentiate_composed",
    version=2,
    modules=(2, 4),
    axes=(
        DifficultyLevel(
            "order=4-5", (3, 10), (2, 4), settings={"least_order": 4, "most_order": 5}, apart=True
        ),
        DifficultyLevel("bigger", (12, 12), (2, 4)),
    ),
    settings={"least_order": 1, "most_order": 3},
)

MODULES = (PARTIAL, DERIVATIVE)
