"""What arithmetic is made of: long decimals, fractions, divisors, hashes of expressions, the form of surds."""

import math
from fractions import Fraction

import numpy as np
import pytest
import sympy

from mathbench.generators.deepmind import MODULES
from mathbench.generators.deepmind.arithmetic.expressions import draw_expressions
from mathbench.generators.deepmind.arithmetic.nearest_root import _nearest
from mathbench.generators.deepmind.kernel import rationals
from mathbench.generators.deepmind.kernel.decimals import RADIX, Decimals
from mathbench.generators.deepmind.kernel.entropy import entropy_units
from mathbench.generators.deepmind.kernel.expression_trees import ADD, DIV, LEAF, MUL, SUB
from mathbench.generators.deepmind.kernel.fingerprints import commutative_hash
from mathbench.generators.deepmind.kernel.random import RandomStream
from mathbench.generators.deepmind.kernel.rationals import draw_divisor
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.hashing import mix64
from mathbench.numbers import text

MANY = 3000


def chance(seed: int = 1, many: int = MANY) -> RandomStream:
    return RandomStream(mix64(np.arange(many, dtype=np.uint64) + np.uint64(seed << 32)))


def exact(numbers: Decimals) -> list[Fraction]:
    high = np.zeros_like(numbers.low) if numbers.high is None else numbers.high
    columns = zip(numbers.low.tolist(), high.tolist(), numbers.places.tolist(), strict=True)
    return [Fraction(h * RADIX + low, 10**places) for low, h, places in columns]


@pytest.mark.parametrize("decades", [1, 9, 16, 18, 20])
def test_decimals_add_up_and_read_as_what_they_are(decades):
    most = np.full(MANY, entropy_units(decades))
    p = Decimals.draw(chance(1), most, chance(2).bernoulli())
    q = Decimals.draw(
        chance(3), np.full(MANY, entropy_units(min(decades, 21 - decades))), chance(4).bernoulli()
    )
    for number, wanted in (
        (p, exact(p)),
        (q, exact(q)),
        (p.plus(q), map(sum, zip(exact(p), exact(q), strict=True))),
    ):
        shown = text.join(number.rendered()).to_pylist()
        assert [Fraction(one) for one in shown] == list(wanted)
        assert not any("." in one and one.endswith("0") for one in shown)


def test_fractions_add_up():
    bottom = chance(2).randint(1, 99)
    a = Numbers.rationals(chance(1).integer(np.full(MANY, entropy_units(5))), bottom)
    b = Numbers.rationals(chance(3).integer(np.full(MANY, entropy_units(6))), chance(4).randint(1, 99))
    total, good = rationals.add(a, b)
    assert good.all()
    columns = (part.tolist() for number in (a, b, total) for part in (number.top, number.bottom))
    for p, q, r, s, top, bottom in zip(*columns, strict=True):
        assert Fraction(p, q) + Fraction(r, s) == Fraction(top, bottom)
        assert Fraction(top, bottom).denominator == bottom


def test_what_does_not_fit_is_marked():
    huge = Numbers.rationals(np.array([(1 << 61) - 1, 5]), np.array([3, 3]))
    assert rationals.add(huge, Numbers.rationals(np.array([1, 1]), np.array([7, 7])))[1].tolist() == [
        False,
        True,
    ]


def test_divisors_divide_and_are_counted():
    numbers = np.concatenate([chance(5, 500).integer(np.full(500, entropy_units(d))) for d in (1, 4, 6, 9)])
    found, many = draw_divisor(chance(6, 2000), numbers)
    some = numbers != 0
    assert (numbers[some] % found[some] == 0).all()
    for number, count in zip(numbers.tolist(), many.tolist(), strict=True):
        factors = sympy.factorint(abs(number)) if number else {}
        small = math.prod(power + 1 for prime, power in factors.items() if prime < 362)
        assert count == small * (1 + any(prime > 362 for prime in factors)), (
            number
        )  # the rest counts as one prime


def test_every_divisor_is_as_likely():
    found, _ = draw_divisor(chance(7), np.full(MANY, 131_072 * 3))
    counts = np.unique(found, return_counts=True)[1]
    assert len(counts) == 36 and counts.min() > 40 and counts.max() < 140


def test_coprime_numbers_are_coprime():
    to = chance(8).integer(np.full(MANY, entropy_units(4)))
    found = rationals.draw_coprime(chance(9), np.full(MANY, entropy_units(3)), to)
    assert (np.gcd(found, to) == 1).all()
    assert (np.abs(found[to == 0]) == 1).all()


def test_order_does_not_matter_to_likeness_but_shape_does():
    def of(kinds, leaves):
        """a op b op c, the second operation inside on the right."""
        kind = np.array([[kinds[0]], [LEAF], [kinds[1]], [LEAF], [LEAF]])
        left, right = np.array([[1], [0], [3], [0], [0]]), np.array([[2], [0], [4], [0], [0]])
        leaf = np.array([[0], [leaves[0]], [0], [leaves[1]], [leaves[2]]], dtype=np.uint64)
        return int(commutative_hash(kind, left, right, leaf)[0])

    assert of((ADD, ADD), (5, 6, 7)) == of((ADD, ADD), (7, 5, 6))
    assert of((MUL, MUL), (5, 6, 7)) == of((MUL, MUL), (6, 7, 5))
    different = [of((a, b), (5, 6, 7)) for a in (ADD, SUB, MUL, DIV) for b in (ADD, SUB, MUL, DIV)]
    assert len(set(different)) == 16
    assert of((SUB, ADD), (5, 6, 7)) != of((SUB, ADD), (6, 5, 7))


@pytest.mark.parametrize(("sums", "products"), [(True, False), (False, True), (True, True)])
def test_expressions_have_as_many_operations_as_asked_for(sums, products):
    count = chance(1).randint(3, 8)
    value = Numbers.integers(chance(2).integer(np.full(MANY, entropy_units(2))))
    found, good = draw_expressions(chance(3), value, count, np.full(MANY, entropy_units(7)), sums, products)
    assert good.mean() > 0.99
    assert ((found.kind > LEAF).sum(axis=0) == count).all()
    assert ((found.kind == LEAF).sum(axis=0) == count + 1).all()
    kinds = set(np.unique(found.kind[found.kind > LEAF]).tolist())
    assert kinds == ({ADD, SUB} if sums else set()) | ({MUL, DIV} if products else set())


def test_roots_are_rounded_exactly():
    edge = np.arange(2, 200)
    for root in range(2, 8):
        numbers = np.concatenate([(edge**root + step)[edge**root < 10**12] for step in (-1, 0, 1)])
        numbers = np.concatenate([numbers, ((2 * edge + 1) ** root >> root)[edge**root < 10**12]])
        found = _nearest(numbers, np.full(len(numbers), root))
        for number, nearest in zip(numbers.tolist(), found.tolist(), strict=True):
            assert (2 * nearest - 1) ** root <= number << root < (2 * nearest + 1) ** root


def test_few_drafts_are_thrown_away():
    """Where numbers do not fit, or a divisor is zero, the whole draft is lost."""
    for name, module in MODULES.items():
        if name.startswith("arithmetic__"):
            for level in range(len(module.all_levels)):
                scope = module.root_scopes(np.full(MANY, level), mix64(np.arange(MANY, dtype=np.uint64)))
                good = module.draw(scope).good
                assert good is None or good.mean() > 0.5, (name, module.all_levels[level].name)
