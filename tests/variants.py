"""The tasks that the contract tests run over: every family at its defaults and in unusual settings."""

from hypothesis import strategies as st

from mathbench.families import EARLIER, FAMILIES, from_spec, task, tasks
from mathbench.task import Task

POLYNOMIALS = ("x^2+y^2", "x^2+xy+y^2", "x^2+xy+y^2+x", "x^3+xy", "x^3+xy^2+y")

# unusual settings of each family, beside its defaults
_OTHERS: dict[str, list[dict[str, object]]] = {
    "addition": [
        {"digits": 1},
        {"digits": 2, "base": 2, "operands": 3, "more": 2},
        {"digits": 16, "longer": 1},
        {"digits": 2, "smallest": 1, "largest": 10, "written": "a + b"},
        {"digits": 4, "base": 36, "distribution": "numbers"},
        {"digits": 3, "operands": 4, "more": 1},
        {"digits": 60, "step": 20, "longer": 40},
        {"smallest": 90, "largest": 250},
        {"digits": 2, "smallest": -12, "largest": 99, "base": 16},
        {"digits": 2, "places": 2, "more": 0},
        {"digits": 6, "carries": "uniform", "more": 0},
        {"digits": 13, "carries": "uniform", "more": 0, "longer": 4, "step": 4},
        {"digits": 9, "carries": "uniform", "more": 0, "base": 2},
        {"digits": 8, "places": 7, "more": 0, "longer": 1, "written": "a + b", "distribution": "numbers"},
        {"digits": 2, "largest": -3, "smallest": -40, "operands": 3, "more": 1, "written": "a + b"},
        {"digits": 19, "largest": 1 << 60, "longer": 0, "distribution": "numbers"},
        {"digits": 30, "step": 10, "longer": 10, "smallest": 10**7 + 5},
    ],
    "subtraction": [
        {"smallest": 90, "largest": 250},
        {"digits": 2, "largest": 30},
        {"digits": 3, "smallest": -123, "base": 7},
        {"places": 1},
        {"carries": "uniform"},
        {"digits": 10, "carries": "uniform", "base": 36, "longer": 1},
        {"digits": 2, "places": 3, "base": 2},
        {"digits": 17, "smallest": -(10**16), "largest": 10**16, "longer": 1},
        {"digits": 1},
        {"digits": 7, "base": 3},
        {"digits": 16, "distribution": "numbers"},
        {"digits": 40, "step": 20, "longer": 20, "base": 2},
    ],
    "multiplication": [
        {"smallest": 90, "largest": 250},
        {"digits": 2, "largest": 30, "base": 12},
        {"digits": 2, "smallest": -12, "largest": 12},
        {"digits": 1, "places": 3},
        {"digits": 2, "places": 1, "base": 36},
        {"digits": 1, "base": 2, "longer": 3},
        {"digits": 8},
        {"digits": 4, "base": 16},
        {"digits": 30, "step": 10, "longer": 10},
        {"digits": 2, "train_share": 0.1},
    ],
    "division": [
        {"smallest": 90, "largest": 250},
        {"digits": 3, "largest": 300, "distribution": "numbers"},
        {"digits": 5, "smallest": 12345, "base": 36},
        {"digits": 2},
        {"digits": 16},
        {"digits": 12, "base": 2, "distribution": "numbers"},
        {"digits": 30, "step": 10, "longer": 10, "base": 36},
    ],
    "divisible": [
        {"k": 7, "digits": 2, "smallest": 90, "largest": 99},
        {"k": 3, "smallest": -500, "largest": 40, "answer": "residue"},
        {"k": 1000, "digits": 6, "smallest": -123456, "longer": 1},
        {"k": 7, "digits": 19, "largest": 1 << 60, "longer": 2},
        {"k": 2, "base": 3, "digits": 12},
        {"k": 29},
        {"k": 3, "answer": "residue"},
        {"k": 1000, "digits": 6},
        {"k": 1000, "digits": 6, "answer": "residue"},
        {"k": 9, "digits": 16, "distribution": "numbers"},
        {"k": 7, "digits": 40, "step": 20, "longer": 20},
        {"k": 1_000_003, "digits": 40, "step": 20, "longer": 20, "base": 16},
        {"labels": "natural", "digits": 3},
        {"k": 13, "digits": 40, "step": 20, "longer": 20, "labels": "natural"},
    ],
    "prime": [
        {"digits": 2, "smallest": 90, "largest": 99},
        {"digits": 5, "smallest": 25000, "largest": 90000, "negatives": "coprime"},
        {"digits": 12, "smallest": 123_456_789_000, "largest": 123_456_799_000, "negatives": "hard"},
        {"shortest": 1, "largest": 50_000, "distribution": "numbers"},
        {"base": 2, "digits": 16, "negatives": "coprime"},
        {"digits": 3},
        {"digits": 9, "negatives": "hard"},
        {"digits": 18, "longer": 1},
        {"digits": 5, "base": 36, "distribution": "numbers"},
        {"digits": 30, "step": 10, "longer": 10, "negatives": "coprime"},
        {"base": 3, "digits": 8, "shortest": 1, "labels": "natural"},
        {"digits": 30, "step": 10, "longer": 10, "labels": "natural"},
    ],
    "correct-addition": [
        {"smallest": 90, "largest": 250},
        {"digits": 2, "smallest": -12, "largest": 99},
        {"digits": 8, "smallest": -3000, "largest": -200, "base": 3, "shortest": 2, "errors": "carry,swap"},
        {"digits": 1},
        {"digits": 10, "base": 2},
        {"digits": 12, "errors": "congruent:2,swap:1"},
        {"digits": 40, "step": 20, "longer": 20},
    ],
    "correct-multiplication": [
        {"digits": 2, "largest": 30},
        {"digits": 2, "smallest": -12},
        {"digits": 1},
        {"digits": 8, "base": 2},
        {"digits": 7, "distribution": "numbers"},
        {"digits": 24, "step": 8, "longer": 8, "base": 7},
    ],
    "modular": [
        {"modulus": 13, "operation": "times", "digits": 2, "largest": 30},
        {"modulus": 12, "operation": "minus", "digits": 3, "smallest": -12, "largest": 99, "base": 5},
        {"modulus": 7, "operation": "divide", "digits": 2, "smallest": -20},
        {"modulus": 11, "operation": "conditional", "digits": 2, "smallest": -20, "largest": -1},
        {"modulus": 13, "operation": "times", "train_share": 0.3},
        {"modulus": 7, "operation": "minus", "digits": 3},
        {"modulus": 1_000_003},
        {"operation": "divide"},
        {"modulus": 7, "operation": "divide", "digits": 2, "base": 3},
        {"modulus": 300_000_007, "operation": "divide"},
        {"modulus": 13, "operation": "conditional", "train_share": 0.3},
        {"modulus": 3, "operation": "conditional", "digits": 3},
        {"modulus": 31, "operation": "x^2+y^2", "base": 2},
        {"modulus": 12, "operation": "x^2+xy+y^2", "digits": 3},
        {"modulus": 10_000, "operation": "x^2+xy+y^2+x"},
        {"operation": "x^3+xy"},
        {"modulus": 1_000_003, "operation": "x^3+xy^2+y", "base": 36, "longer": 2},
    ],
    "gcd": [
        {"smallest": 90, "largest": 250},
        {"digits": 9, "smallest": 10**8 + 7, "largest": 10**8 + 10**6, "distribution": "uniform"},
        {"digits": 2, "largest": 30, "distribution": "natural"},
        {"digits": 2},
        {"digits": 9, "distribution": "natural"},
        {"digits": 6, "distribution": "uniform"},
    ],
    "comparison": [
        {"ask": "smaller", "digits": 1},
        {"ask": "relation", "digits": 4},
        {"operands": 3, "digits": 3, "base": 2, "longer": 3},
        {"digits": 18, "distribution": "numbers", "kinds": "random"},
        {"digits": 7, "base": 24, "kinds": "length:2,prefix:1", "ask": "relation"},
        {"digits": 60, "step": 20, "longer": 40},
        {"digits": 40, "step": 20, "longer": 20, "operands": 3, "base": 3, "ask": "smaller"},
        {"digits": 1, "places": 2},
        {"digits": 3, "places": 3, "ask": "relation", "zeros": 1.0, "kinds": "random,length,prefix,places:3"},
        {"digits": 2, "places": 7, "base": 24, "ask": "smaller", "zeros": 0.0, "distribution": "numbers"},
        {"digits": 1, "places": 1, "base": 3, "longer": 1},
    ],
    "modular-chain": [
        {"modulus": 7, "operands": 4},
        {"operations": "plus-minus", "more": 1},
        {"modulus": 2, "operands": 3, "more": 3},
        {"modulus": 5, "operands": 16, "more": 24, "base": 2},
        {"modulus": 1000, "operands": 6, "train_share": 0.1},
    ],
    "permutation": [
        {"size": 3},
        {"size": 4, "operation": "conjugate", "train_share": 0.3},
        {"size": 6, "operation": "xyx"},
    ],
    "expression": [
        {"operands": 2, "depth": 0, "digits": 1},
        {"operations": "plus-minus", "operands": 5, "depth": 2, "digits": 3},
        {"operations": "plus-minus-times-divide", "operands": 5, "longer": 0},
        {"operations": "plus-minus-times-divide", "modulus": 12, "base": 16, "deeper": 0, "more": 1},
        {"operands": 6, "depth": 3, "deeper": 0, "digits": 9, "modulus": 97, "more": 0},
        {"operands": 5, "digits": 5, "base": 2, "more": 3, "deeper": 2},
    ],
}

# parameters of each family at which a few rows are made at once, to draw from
SMALL: dict[str, dict[str, st.SearchStrategy[object]]] = {
    "addition": {"digits": st.integers(1, 5), "base": st.integers(2, 36), "operands": st.integers(2, 3)},
    "subtraction": {"digits": st.integers(1, 8), "base": st.integers(2, 36)},
    "multiplication": {"digits": st.integers(1, 4), "base": st.integers(2, 36)},
    "division": {"digits": st.integers(1, 8), "base": st.integers(2, 36)},
    "divisible": {"k": st.integers(2, 150), "base": st.integers(5, 36), "digits": st.integers(5, 7)},
    "prime": {"base": st.integers(8, 36), "digits": st.integers(2, 5)},
    "correct-addition": {"digits": st.integers(1, 8), "base": st.integers(2, 36)},
    "correct-multiplication": {"digits": st.integers(1, 4), "base": st.integers(2, 36)},
    "modular": {
        "modulus": st.sampled_from([2, 3, 5, 13, 97, 4999]),
        "base": st.integers(2, 36),
        "operation": st.sampled_from(["plus", "minus", "times", "divide", "conditional", *POLYNOMIALS]),
        "digits": st.sampled_from([0, 0, 1, 2]),
    },
    "gcd": {"digits": st.integers(1, 5), "base": st.integers(2, 36)},
    "comparison": {
        "ask": st.sampled_from(["larger", "smaller", "relation"]),
        "digits": st.integers(2, 5),
        "places": st.integers(0, 2),
        "base": st.integers(3, 24),
    },
    "modular-chain": {
        "modulus": st.integers(5, 2000),
        "base": st.integers(2, 36),
        "operands": st.integers(3, 8),
    },
    "permutation": {"size": st.integers(3, 6), "operation": st.sampled_from(["compose", "conjugate", "xyx"])},
    "expression": {
        "operands": st.integers(3, 5),
        "digits": st.integers(1, 2),
        "modulus": st.sampled_from([0, 2, 97, 1 << 30]),
        "operations": st.sampled_from(["plus-minus", "plus-minus-times", "plus-minus-times-divide"]),
        "base": st.integers(5, 16),
    },
}

# families whose numbers are written in any base
IN_BASES = [
    name
    for name, family in tasks().items()
    if any(field.name == "base" and field.metadata["high"] == 36 for field in family.fields())
]

VARIANTS: list[Task] = [task(name, **p) for name in FAMILIES for p in [{}, *_OTHERS[name]]]
# the same settings in earlier versions, whose rows stay as they were
EARLIER_VARIANTS: list[Task] = [
    from_spec(id, p) for id in EARLIER for p in [{}, *_OTHERS[id.rpartition("-v")[0]]]
]
SPLITS = ("train", "validation", "interpolate", "extrapolate")


def name(value: object) -> str:
    """The name of a task, as the id of a test."""
    return value.name if isinstance(value, Task) else str(value)
