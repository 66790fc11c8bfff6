"""Polynomials: evaluate, add, collect, compose, expand, coefficients, powers."""

from mathbench.generators.deepmind.kernel.module import Level, composed
from mathbench.generators.deepmind.polynomials.add import Add
from mathbench.generators.deepmind.polynomials.collect import Collect
from mathbench.generators.deepmind.polynomials.evaluate import Evaluate

_HIGHER = {"least_degree": 4, "most_degree": 5}

EVALUATE = Evaluate(
    "polynomials__evaluate",
    axes=(Level("degree=4-5", (3, 10), settings=_HIGHER), Level("bigger", (12, 12))),
    settings={"least_degree": 1, "most_degree": 3},
)
ADD = Add(
    "polynomials__add",
    modules=(1, 4),
    axes=(Level("degree=4-5", (3, 10), (1, 4), settings=_HIGHER), Level("deeper", (3, 10), (5, 6))),
    settings={"least_degree": 1, "most_degree": 3},
)
COLLECT = Collect(
    "polynomials__collect",
    axes=(
        Level("degree=4-5", (3, 10), settings=_HIGHER),
        Level("longer", (3, 10), settings={"more_terms": 6}),
    ),
    settings={"least_degree": 1, "most_degree": 3, "more_terms": 2},
)

MODULES = (EVALUATE, composed(EVALUATE, Level("deeper", (3, 10), (5, 6))), ADD, COLLECT)
