"""Reserves at their edges, and fingerprints by the formula, in Python integers; both loops say the same."""

from itertools import count

import numpy as np
import pytest

from mathbench import compiled
from mathbench.hashing import key_of
from mathbench.reserve import (
    RESERVE_OF_SPLIT,
    TEST,
    TRAIN,
    VALIDATION,
    Reserve,
    fingerprint,
    fingerprints,
    reserve_of,
)

WORD = 1 << 64
FACTORS = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
EDGES = {0.8: 3_435_973_837 << 32, 0.9: 3_865_470_566 << 32}  # the nearest multiples of 2^32


def mix(x):
    """Stafford's variant 13, as Steele, Lea and Flood print it."""
    x = (x ^ x >> 30) * FACTORS[0] % WORD
    x = (x ^ x >> 27) * FACTORS[1] % WORD
    return x ^ x >> 31


def unshifted(x, by):
    """The word that gives x when it is combined with itself, shifted."""
    found = x
    for _ in range(64 // by):
        found = x ^ found >> by
    return found


def unmixed(x):
    x = unshifted(x, 31) * pow(FACTORS[1], -1, WORD) % WORD
    x = unshifted(x, 27) * pow(FACTORS[0], -1, WORD) % WORD
    return unshifted(x, 30)


def of_fingerprint(word):
    """A family and an operand below 2^63 whose fingerprint is a word."""
    pairs = ((f"family {i}", unmixed(word) ^ key_of("reserve", f"family {i}")) for i in count())
    return next(pair for pair in pairs if pair[1] < 1 << 63)


@pytest.fixture(params=["as it is", "array expressions"])
def loops(request, monkeypatch):
    if request.param != "as it is":
        monkeypatch.setattr(compiled, "LIBRARY", None)


def test_the_reserves():
    assert [(r.name, r.low, r.high, r.share) for r in (TRAIN, VALIDATION, TEST)] == [
        ("train", 0.0, 0.8, 0.8),
        ("validation", 0.8, 0.9, 0.1),
        ("test", 0.9, 1.0, 0.1),
    ]
    assert RESERVE_OF_SPLIT == {
        "train": TRAIN,
        "validation": VALIDATION,
        "interpolate": TEST,
        "extrapolate": TEST,
    }


def test_a_part_of_a_reserve_begins_with_it_and_is_never_larger():
    assert VALIDATION.subset(0.05) == Reserve("validation", 0.8, 0.8 + 0.05)
    assert TRAIN.subset(0.95) == TRAIN
    assert Reserve("x", 0.1, 0.4).share == 0.3  # and not 0.30000000000000004


@pytest.mark.parametrize(
    ("word", "name"),
    [
        (0, "train"),
        (EDGES[0.8] - 1, "train"),
        (EDGES[0.8], "validation"),
        (EDGES[0.9] - 1, "validation"),
        (EDGES[0.9], "test"),
        (WORD - 1, "test"),
    ],
)
def test_the_edges_of_the_reserves(loops, word, name):
    family, operand = of_fingerprint(word)
    canonical, beside = np.array([[operand]]), np.array([[7], [operand]])
    assert fingerprint(family, (operand,)) == int(fingerprints(family, canonical)[0]) == word
    assert reserve_of(family, (operand,)) == name
    for reserve in (TRAIN, VALIDATION, TEST):
        inside = reserve.name == name
        assert reserve.contains(np.array([word], np.uint64)).tolist() == [inside]
        for requested, found in ((None, inside), (np.array([True]), inside), (np.array([False]), False)):
            positions, operands, prints = reserve.select(family, canonical, beside, requested)
            assert (positions.tolist(), prints.tolist()) == (([0], [word]) if found else ([], []))
            assert operands.tolist() == ([[7], [operand]] if found else [[], []])


def test_a_problem_is_absorbed_operand_by_operand(loops):
    state = key_of("reserve", "any")
    operands = (5, 0, (1 << 63) - 1)
    expected = mix(mix(mix(state ^ 5)) ^ operands[2])
    assert fingerprint("any", operands) == expected
    # a column that is absent absorbs nothing; a zero does, and minus one too
    absent = -(2**63 - 1)
    columns = np.array([[5, 5, absent], [0, absent, absent], [operands[2], absent, absent]])
    assert fingerprints("any", columns).tolist() == [expected, mix(state ^ 5), state]
    assert (
        fingerprints("any", np.array([[-1]])).tolist()
        == [mix(state ^ (WORD - 1))]
        == [fingerprint("any", (-1,))]
    )


@pytest.mark.parametrize("operand", [1 << 63, (1 << 63) + 12, 10**40 + 7])
def test_a_long_operand_is_two_words(operand):
    first = mix(key_of("reserve", "any") ^ operand % 2**63)
    assert fingerprint("any", (operand,)) == mix(first ^ operand % 2_147_483_629)
