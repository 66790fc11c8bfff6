"""Polynomials: evaluate, add, collect, compose, expand, coefficients, powers."""

from mathbench.generators.deepmind.kernel.module import DifficultyLevel, composed_module
from mathbench.generators.deepmind.polynomials.add import Add
from mathbench.generators.deepmind.polynomials.coefficient import CoefficientNamed
from mathbench.generators.deepmind.polynomials.collect import Collect
from mathbench.generators.deepmind.polynomials.composition_at import Compose
from mathbench.generators.deepmind.polynomials.evaluate import Evaluate
from mathbench.generators.deepmind.polynomials.expand import Expand
from mathbench.generators.deepmind.polynomials.power import SimplifyPower

_FEWER = 50_000  # problems of a test split where 64,000 were found
_HIGHER = {"least_degree": 4, "most_degree": 5}

EVALUATE = Evaluate(
    "polynomials__evaluate",
    version=2,
    axes=(
        DifficultyLevel("degree=4-5", (3, 10), settings=_HIGHER, holds=_FEWER, apart=True),
        DifficultyLevel("bigger", (12, 12)),
    ),
    settings={"least_degree": 1, "most_degree": 3},
)
ADD = Add(
    "polynomials__add",
    version=2,
    modules=(1, 4),
    axes=(
        DifficultyLevel("degree=4-5", (3, 10), (1, 4), settings=_HIGHER, apart=True),
        DifficultyLevel("bigger", (12, 12), (1, 4)),
    ),
    settings={"least_degree": 1, "most_degree": 3},
)
COLLECT = Collect(
    "polynomials__collect",
    version=2,
    axes=(
        DifficultyLevel("degree=4-5", (3, 10), settings=_HIGHER, holds=_FEWER, apart=True),
        DifficultyLevel("longer", (3, 10), settings={"more_terms": 8}),
    ),
    settings={"least_degree": 1, "most_degree": 3, "more_terms": 2},
)
COMPOSE = Compose(
    "polynomials__compose",
    version=2,
    modules=(1, 4),
    axes=(
        DifficultyLevel(
            "degree=3", (3, 10), (1, 4), settings={"least_degree": 3, "most_degree": 3}, apart=True
        ),
        DifficultyLevel("deeper", (3, 10), (5, 5), apart=True),
    ),
    settings={"least_degree": 1, "most_degree": 2},
)
EXPAND = Expand(
    "polynomials__expand",
    axes=(
        DifficultyLevel("degree=6-7", (3, 10), settings={"least_degree": 6, "most_degree": 7}, apart=True),
        DifficultyLevel("longer", (3, 10), settings={"more_terms": 6}),
    ),
    settings={"least_degree": 1, "most_degree": 5, "more_terms": 0},
)
COEFFICIENT_NAMED = CoefficientNamed(
    "polynomials__coefficient_named",
    version=2,
    axes=(
        DifficultyLevel("degree=5-6", (3, 10), settings={"least_degree": 5, "most_degree": 6}, apart=True),
        DifficultyLevel("bigger", (12, 12)),
    ),
    settings={"least_degree": 1, "most_degree": 4},
)
SIMPLIFY_POWER = SimplifyPower(
    "polynomials__simplify_power",
    version=2,
    axes=(
        DifficultyLevel("exponents=3 digits", (3, 10), settings={"exponent_decades": 3}),
        DifficultyLevel("bigger", (12, 12)),
    ),
    settings={"exponent_decades": 2},
)

MODULES = (
    EVALUATE.holding(easy=_FEWER),
    composed_module(EVALUATE, DifficultyLevel("deeper", (3, 10), (5, 5), apart=True)),
    ADD,
    COLLECT.holding(easy=_FEWER),
    COMPOSE,
    EXPAND,
    COEFFICIENT_NAMED,
    SIMPLIFY_POWER,
)
