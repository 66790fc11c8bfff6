"""Compiled loops and array expressions say the same, bit by bit, and rows do not depend on which of them made them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import gmpy2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mathbench import compiled, hashing, reserve
from mathbench.compiled import build
from mathbench.generators import gcd
from mathbench.generators.deepmind.kernel.random import RandomStream
from mathbench.generators.toolkit import expression_fold
from mathbench.generators.toolkit.carries import CarryRule
from mathbench.generators.toolkit.expression_shapes import DIVIDE, Kind, expressions, field
from mathbench.numbers import primality, text
from mathbench.sampling import domain, permute

ROOT = Path(__file__).parents[2]
HALF = 1 << 63
needed = pytest.mark.skipif(bool(compiled.MISSING), reason=compiled.MISSING)
WORDS = arrays(np.uint64, st.integers(0, 70), elements=st.integers(0, 2 * HALF - 1))
NUMBERS = arrays(np.int64, st.integers(0, 70), elements=st.integers(0, HALF - 1) | st.integers(0, 2000))


def in_numpy(function, *values):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "LIBRARY", None)
        return function(*values)


def same(function, *values):
    """Compares all arrays that a function gives, with their types; returns what it gives."""
    found, expected = function(*values), in_numpy(function, *values)
    pairs = zip(found, expected, strict=True) if isinstance(found, tuple) else [(found, expected)]
    for one, other in pairs:
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype
    return found


@needed
@given(WORDS)
def test_mix(words):
    before = words.copy()
    same(hashing.mix64, words)
    same(hashing.mix64, words[::2])
    same(hashing.mix64, words[: len(words) // 2 * 2].reshape(2, -1))
    assert (words == before).all()


@needed
@given(WORDS, st.integers(1, 1 << 63) | st.integers(1, 100), st.data())
def test_streams(words, size, data):
    sizes = data.draw(arrays(np.int64, len(words), elements=st.integers(1, HALF - 1) | st.integers(1, 9)))
    same(lambda: RandomStream(words).words())
    same(lambda: RandomStream(words).randint_below(min(size, HALF - 1)))
    same(lambda: RandomStream(words).randint_below(sizes))


@needed
@given(st.integers(1, permute.MAX_SIZE), st.integers(0, 2 * HALF - 1), st.data())
def test_permute(size, key, data):
    parts = permute.feistel_halves(size)
    index = data.draw(arrays(np.uint64, 50, elements=st.integers(0, parts.covered - 1)))
    same(permute.keyed_permutation, index, np.uint64(parts.shift), np.uint64(parts.high_size), np.uint64(key))


KINDS = st.sampled_from([Kind(2), Kind(4, 2), Kind(5, 3), Kind(6, 1, 1), Kind(8, 2, 2)])


@st.composite
def some_expressions(draw):
    """Numbers, int64 (m, 20), of which some at the end are missing, and shapes; divisions are of 12 by its divisors."""
    kind = draw(KINDS)
    every = expressions("+-*/", kind).tolist()
    shapes = draw(arrays(np.int64, 20, elements=st.sampled_from(every)))
    numbers = draw(arrays(np.int64, (kind.operands, 20), elements=st.integers(0, 127)))
    divisors = draw(arrays(np.int64, numbers.shape, elements=st.sampled_from([1, 2, 3, 4, 6, 12])))
    divides = np.array([field(shapes, i).sign == DIVIDE for i in range(kind.operands + 1)])
    numbers = np.where(divides[:-1], divisors, np.where(divides[1:], 12, numbers))
    missing = np.full((draw(st.integers(0, 2)), 20), hashing.ABSENT)
    return np.concatenate([numbers, missing]), shapes, kind


@needed
@given(some_expressions(), st.sampled_from([2, 97, 1 << 30]))
def test_expressions(problem, modulus):
    numbers, shapes, kind = problem
    same(expression_fold.words, numbers, shapes)
    same(expression_fold.values, numbers, shapes)
    if not kind.divisions:
        same(expression_fold.values, numbers, shapes, modulus)


@needed
@given(st.lists(st.integers(1, 1 << 15), min_size=1, max_size=4), st.data())
def test_mixed_radix(radix, data):
    total = int(np.prod(np.array(radix, dtype=object)))
    points = data.draw(arrays(np.uint64, 50, elements=st.integers(0, total + total // 10)))
    same(domain._mixed_radix, points, np.array(radix, dtype=np.uint64))


@st.composite
def points_with_chains(draw):
    """A rule, two lengths and a chain that are possible, and points in and beyond their stratum."""
    rule = CarryRule(draw(st.integers(2, 36)), draw(st.booleans()))
    longer = draw(st.integers(1 + rule.borrows, 62 // rule.base.bit_length()))
    shorter = draw(st.integers(1, longer))
    stratum = rule.stratum(longer, shorter, draw(st.integers(1, rule.longest(longer))))
    sizes = (stratum.sizes[0] + 2, *stratum.sizes[1:])
    points = [draw(arrays(np.uint64, 20, elements=st.integers(0, size - 1))) for size in sizes]
    return rule, np.stack(points), np.array(stratum.low)[:, None]


@needed
@given(points_with_chains())
def test_chains_of_carries(problem):
    rule, points, low = problem
    operands = same(rule.draw, points, low)
    same(rule.valid, operands, points, low)
    for chain in (1, int(low[2, 0])):
        same(rule.chain_starts, operands, int(low[0, 0]), chain)


@needed
@given(
    arrays(
        np.int64,
        st.tuples(st.integers(1, 4), st.integers(0, 60)),
        elements=st.just(hashing.ABSENT) | st.integers(1 - HALF, HALF - 1),
    )
)
def test_fingerprints_and_reserves(canonical):
    same(reserve.fingerprints, "any", canonical)
    wanted = canonical[0] % 3 > 0
    for split in reserve.RESERVE_OF_SPLIT.values():
        same(split.select, "any", canonical, canonical * 2)
        same(split.select, "any", canonical, canonical[:1], wanted)
    same(reserve.TRAIN.subset(0.25).select, "any", canonical, canonical)


@needed
@given(st.integers(2, 36), NUMBERS, st.data())
def test_numbers_as_text(base, numbers, data):
    mask = data.draw(st.none() | arrays(np.bool_, len(numbers)))
    same(text.length, numbers, base)
    if len(numbers):
        shown, expected = text.number(numbers, base, mask), in_numpy(text.number, numbers, base, mask)
        assert [word.width for word in shown] == [word.width for word in expected]
        for one, other in zip(shown, expected, strict=True):
            same_words(one, other)


def same_words(one, other):
    assert (one.lengths == other.lengths).all()
    assert (one.characters == other.characters).all()


@needed
@given(NUMBERS, st.text("ab+=? ", max_size=20), st.integers(2, 36), st.data())
def test_joined_text(numbers, words, base, data):
    mask = data.draw(arrays(np.bool_, len(numbers)))

    def joined():
        pieces = (
            text.number(numbers, base),
            text.literal(words, len(numbers)),
            text.number(numbers, base, mask),
        )
        return text.join(*pieces, text.number(np.repeat(numbers, 2)[::2], base))

    found = joined()
    found.validate(full=True)
    assert found.equals(in_numpy(joined))


@needed
@given(NUMBERS, st.data())
def test_divisors(numbers, data):
    others = data.draw(arrays(np.int64, len(numbers), elements=st.integers(0, HALF - 1)))
    same(gcd._gcd, numbers, others)
    same(gcd._gcd, numbers, numbers)


@needed
@given(NUMBERS, st.sampled_from([(0, 0), (2, 2), (7, 7), (31, 97), (101, 0)]))
def test_classes_of_numbers(numbers, ends):
    same(primality.with_smallest_factor, numbers, *ends)


@needed
def test_primes_against_gmpy2():
    """Strong pseudoprimes to the first witnesses, squares of primes, both sides of every limit, and many others."""
    random = np.random.default_rng(5)
    hard = [
        2047,
        1373653,
        25326001,
        3215031751,
        2152302898747,
        3474749660383,
        341550071728321,
        3825123056546413051,
    ]
    edges = [edge + i for edge in (0, 1 << 22, 1 << 27, 1 << 32, 4759123141, HALF - 500) for i in range(400)]
    squares = [int(gmpy2.next_prime(2**k)) ** 2 for k in range(2, 31)]
    numbers = np.array([*hard, *edges, *squares, *random.integers(0, HALF - 1, 5000).tolist()])
    found = compiled.SmallPrimes(primality.SMALL_PRIMES[1:]).are_prime(numbers)
    assert found.tolist() == [bool(gmpy2.is_prime(number)) for number in numbers.tolist()]


@needed
def test_the_bitmap_is_the_same():
    primes = [q for q in range(7, 1000) if gmpy2.is_prime(q)]
    one, other = np.full((2, 70_001), 255, dtype=np.uint8)
    compiled.cross_out(one, primes, primality.SPOKES)
    primality._cross_out(other, primes)
    assert (one == other).all()


ROWS = """
import json, sys
from mathbench import compiled
from mathbench.dataset.digest import Digest
from mathbench.families import FAMILIES, task
from mathbench.rows import Rows

found = {}
for name in [*FAMILIES, "deepmind/arithmetic__mixed", "deepmind/polynomials__expand", "deepmind/numbers__is_prime"]:
    for split in ("train", "extrapolate"):
        digest = Digest()
        digest.update(Rows(task(name), split, 5).batch(range(3000)))
        found[f"{name} {split}"] = digest.value()
json.dump([bool(compiled.LIBRARY), found], sys.stdout)
"""


@needed
def test_rows_are_the_same_without_compiled_loops():
    with_loops, without = (_rows({"MATHBENCH_COMPILED": value}) for value in ("1", "0"))
    assert (with_loops[0], without[0]) == (True, False)
    assert with_loops[1] == without[1]


def _rows(environment):
    done = subprocess.run(
        [sys.executable, "-c", ROWS], env=os.environ | environment, cwd=ROOT, capture_output=True, check=True
    )
    return json.loads(done.stdout)


def test_a_library_of_other_sources_is_not_loaded(monkeypatch):
    monkeypatch.setattr(build, "version", lambda: "another")
    if not compiled.MISSING:
        assert "older sources" in compiled._load()[1]
    monkeypatch.setattr(build, "LIBRARY", ROOT / "no such library")
    assert "no C compiler" in compiled._load()[1]
    monkeypatch.setenv("MATHBENCH_COMPILED", "0")
    assert "MATHBENCH_COMPILED=0" in compiled._load()[1]


def test_a_compiler_that_is_missing_or_fails_is_no_harm(monkeypatch, tmp_path):
    monkeypatch.setattr(build, "LIBRARY", tmp_path / "loops.so")
    monkeypatch.setenv("CC", "no-such-compiler")
    assert "no-such-compiler" in build.make()
    monkeypatch.setenv("CC", "false")
    assert build.make() == "exit code 1"
    assert not list(tmp_path.iterdir())
