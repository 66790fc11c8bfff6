"""Bounds of tanh and sine hold: compared with mpmath at 80 digits, and with each other."""

from fractions import Fraction

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mathbench.certificates.bounds import (
    MAX_ARGUMENT,
    ONE,
    PI,
    PI_ERROR,
    SINE_ERROR,
    sine_and_cosine,
    tanh_bounds,
)

rationals = st.one_of(
    st.fractions(-50, 50),
    st.floats(-1e-3, 1e-3).map(Fraction),
    st.floats(allow_nan=False, allow_infinity=False, width=32).map(Fraction),
)


def exact(x: Fraction) -> mpmath.mpf:
    return mpmath.tanh(mpmath.mpf(x.numerator) / x.denominator)


def rational(x: Fraction) -> mpmath.mpf:
    return mpmath.mpf(x.numerator) / x.denominator


@given(rationals)
def test_tanh_lies_between_its_bounds(x):
    with mpmath.workdps(80):
        low, high = tanh_bounds(x, x)
        assert rational(low) <= exact(x) <= rational(high)
        assert -1 <= low <= high <= 1 and high - low < Fraction(1, 1 << 50)


@given(rationals.filter(bool))
def test_bounds_are_odd(x):
    low, high = tanh_bounds(x, x)
    assert tanh_bounds(-x, -x) == (-high, -low)


@given(rationals, rationals)
def test_bounds_of_an_interval_are_those_of_its_ends(x, y):
    low, high = min(x, y), max(x, y)
    assert tanh_bounds(low, high) == (tanh_bounds(low, low)[0], tanh_bounds(high, high)[1])
    assert tanh_bounds(low, low)[0] <= tanh_bounds(high, high)[0]


def test_far_from_zero_only_the_outer_bound_is_one():
    low, high = tanh_bounds(Fraction(100), Fraction(100))
    assert low < 1 == high and 1 - low < Fraction(1, 1 << 50)
    assert tanh_bounds(Fraction(0), Fraction(0))[0] == 0


arguments = st.one_of(
    st.fractions(-MAX_ARGUMENT, MAX_ARGUMENT),
    st.fractions(-10, 10),
    st.integers(-(10**5), 10**5).map(lambda n: n * PI / 2),
    st.floats(-1e-3, 1e-3).map(Fraction),
)


def test_pi_lies_between_its_bounds():
    with mpmath.workdps(120):
        assert rational(PI) < mpmath.pi < rational(PI + PI_ERROR)


@given(arguments)
def test_sine_and_cosine_are_as_near_as_is_said(x):
    with mpmath.workdps(80):
        sine, cosine = sine_and_cosine(x)
        assert abs(sine - mpmath.sin(rational(x)) * ONE) < SINE_ERROR
        assert abs(cosine - mpmath.cos(rational(x)) * ONE) < SINE_ERROR


def test_sine_of_large_arguments_is_refused():
    for x in (MAX_ARGUMENT + 1, -MAX_ARGUMENT - 1):
        with pytest.raises(ValueError, match="up to"):
            sine_and_cosine(Fraction(x))
