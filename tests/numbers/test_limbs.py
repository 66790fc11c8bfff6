"""Long numbers: every operation on limbs against Python's own integers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathbench.numbers import limbs

settings.register_profile("limbs", deadline=None)  # a shared machine has slow moments
settings.load_profile("limbs")

RADIX = st.sampled_from([limbs.radix_of(base) for base in (2, 3, 7, 10, 16, 36)])


@st.composite
def columns(draw, many=2, most=40, radix=RADIX, least=0):
    """A radix and columns of numbers of very different lengths, with runs of zeros and of largest limbs."""
    radix = draw(radix)
    limb = st.one_of(st.just(0), st.just(radix - 1), st.integers(0, radix - 1))
    length = draw(st.integers(1, most))
    rows = draw(st.integers(1, 4))
    numbers = [[draw(st.lists(limb, min_size=0, max_size=length)) for _ in range(rows)] for _ in range(many)]
    found = [np.array([n + [0] * (length - len(n)) for n in column]).T.copy() for column in numbers]
    for column in found:
        column[0] += least * (column.sum(axis=0) == 0)
    return radix, *found


def ints(number, radix):
    return limbs.to_ints(number, radix)


def proper(number, radix):
    return bool(((number >= 0) & (number < radix)).all())


@given(columns())
def test_sums_differences_and_order(case):
    radix, a, b = case
    x, y = ints(a, radix), ints(b, radix)
    total, difference = limbs.add(a, b, radix), limbs.subtract(a, b, radix)
    assert ints(total, radix) == [i + j for i, j in zip(x, y, strict=True)] and proper(total, radix)
    assert ints(difference, radix) == [i - j for i, j in zip(x, y, strict=True)]
    assert proper(np.abs(difference), radix)
    assert limbs.greater(a, b).tolist() == [i > j for i, j in zip(x, y, strict=True)]
    assert limbs.equal(a, b).tolist() == [i == j for i, j in zip(x, y, strict=True)]


@given(columns())
def test_products(case):
    radix, a, b = case
    product = limbs.multiply(a, b, radix)
    assert ints(product, radix) == [i * j for i, j in zip(ints(a, radix), ints(b, radix), strict=True)]
    assert proper(product, radix)


@pytest.mark.parametrize("base", [2, 10, 36])
def test_the_largest_product_of_limbs_does_not_overflow(base):
    radix = limbs.radix_of(base)
    number = np.full((limbs.MAX_PRODUCTS, 1), radix - 1)
    assert ints(limbs.multiply(number, number, radix), radix) == [(radix**limbs.MAX_PRODUCTS - 1) ** 2]


@given(columns(least=1))
def test_quotients_and_remainders(case):
    radix, a, b = case
    quotient, rest = limbs.divide(a, b, radix)
    expected = [divmod(i, j) for i, j in zip(ints(a, radix), ints(b, radix), strict=True)]
    assert list(zip(ints(quotient, radix), ints(rest, radix), strict=True)) == expected
    assert proper(quotient, radix) and proper(rest, radix)


@pytest.mark.parametrize("base", [2, 7, 10, 36])
def test_division_where_the_estimate_is_hardest(base):
    """Quotients just below and just at a multiple, leading limbs of 1 and of radix - 1."""
    radix, rng = limbs.radix_of(base), np.random.default_rng(base)
    divisors, dividends = [], []
    for _ in range(300):
        top = int(rng.choice([1, 2, radix // 2, radix - 1]))
        d = top * radix**3 + int(rng.choice([0, 1, radix**3 - 1, int(rng.integers(radix**2))]))
        q = int(rng.choice([1, radix - 1, radix, radix**2 - 1]))
        divisors += [d] * 3
        dividends += [d * q - 1, d * q, d * q + d - 1]
    a, b = (np.array([limbs.from_int(v, radix, 8) for v in values]).T for values in (dividends, divisors))
    quotient, rest = limbs.divide(a, b, radix)
    got = list(zip(ints(quotient, radix), ints(rest, radix), strict=True))
    assert got == [divmod(i, j) for i, j in zip(dividends, divisors, strict=True)]


@given(columns(many=1, most=150), st.integers(1, limbs.MAX_MODULUS))
def test_residues(case, modulus):
    radix, a = case
    assert limbs.residue(a, modulus, radix).tolist() == [v % modulus for v in ints(a, radix)]


@given(columns(many=1), st.integers(0, 2**70))
def test_bits_and_bounds(case, bound):
    radix, a = case
    assert limbs.low_bits(a, radix).tolist() == [v % 2**63 for v in ints(a, radix)]
    assert limbs.exceeds(a, bound, radix).tolist() == [v > bound for v in ints(a, radix)]


@pytest.mark.parametrize("base", range(2, 37))
def test_limbs_hold_whole_words_and_stay_below_the_widest(base):
    per = limbs.per_limb(base)
    assert limbs.radix_of(base) <= limbs.MAX_RADIX and (per <= 8 or per % 8 == 0)
    assert limbs.radix_of(base) >= 1000
