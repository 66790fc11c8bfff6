"""Tails of distributions against integers and SciPy."""

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mathbench.scores.distributions import DEGREES, log_student_two_sided, sign_test, student_quantile
from mathbench.scores.statistics import holm
from mathbench.scores.variance_parts import VariancePart, half_widths, p_values


@given(st.integers(0, 400).flatmap(lambda n: st.tuples(st.integers(0, n // 2), st.just(n))))
def test_the_sign_test_against_integers(pair):
    fewer, n = pair
    exact = min(Fraction(1), Fraction(2 * sum(comb(n, k) for k in range(fewer + 1)), 2**n))
    assert float(sign_test(fewer, n)) == pytest.approx(float(exact), rel=1e-12)


@pytest.mark.parametrize("n", [1_000, 10_000, 100_000, 1_000_000])
def test_the_sign_test_of_many_rows(n):
    fewer = np.maximum(0, (n // 2 - n**0.5 * np.linspace(0, 12, 40)).astype(int))
    expected = np.minimum(1, 2 * stats.binom.cdf(fewer, n, 0.5))
    assert sign_test(fewer, np.full(40, n)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("degrees", [1, 1.5, 4, 9, 30, 100, 1000])
def test_student_far_out(degrees):
    t = np.array([0, 0.1, 1, 1.73, 1.74, 5, 30, 1e4])
    with np.errstate(divide="ignore"):
        expected = np.log(2 * stats.t.sf(t, degrees))
    found = log_student_two_sided(t, degrees)
    kept = np.isfinite(expected)
    assert found[kept] == pytest.approx(expected[kept], abs=1e-9) and np.isfinite(found).all()


@pytest.mark.parametrize("degrees", [1, 2, 3.25, 8, 29, 1000, np.inf])
def test_points_of_student(degrees):
    z = np.array([0.01, 0.5, 1.959963984540054, 3.3, 6, 20])
    expected = stats.t.isf(stats.norm.sf(z), degrees)
    assert student_quantile(z, degrees) == pytest.approx(expected, rel=5e-5)
    assert student_quantile(1.959963984540054, degrees) == pytest.approx(expected[2], rel=1e-5)


def test_degrees_are_rounded_down():
    assert student_quantile(2, 31.9) == student_quantile(2, 30) > student_quantile(2, 35)
    assert student_quantile(2, 0.2) == student_quantile(2, 1)
    assert student_quantile(2, 5_000) == student_quantile(2, 1000)
    assert np.all(np.diff(DEGREES) > 0)


@settings(deadline=None)
@given(st.floats(0.001, 30), st.sampled_from([1.0, 2.0, 4.5, 29.0, np.inf]))
def test_a_single_part_is_the_t_test(t, degrees):
    found = p_values([t, -t], [VariancePart(np.array([4.0, 4.0]), degrees)])
    expected = 2 * stats.t.sf(t / 2, degrees)
    assert found == pytest.approx([expected, expected], rel=3e-3)


def test_p_is_5_percent_where_the_interval_ends():
    parts = [
        VariancePart(np.array([1.0, 2.0]), np.inf),
        VariancePart(np.array([0.5, 1e-3]), np.array([1, 3.3])),
    ]
    width = half_widths(parts)
    expected = np.sqrt(1.96**2 * np.array([1, 2]) + stats.t.isf(0.025, [1, 3.25]) ** 2 * [0.5, 1e-3])
    assert width == pytest.approx(expected, rel=1e-4)
    assert p_values(width, parts) == pytest.approx([0.05, 0.05], rel=1e-3)
    assert p_values([0.0, 1e9], parts)[0] == 1 and 0 < p_values([0.0, 1e9], parts)[1] < 1e-8


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9))
def test_holm_against_its_definition(values):
    found, order = holm(np.array(values)), np.argsort(values, kind="stable")
    so_far = 0.0
    for step, at in enumerate(order):
        so_far = max(so_far, min(1.0, (len(values) - step) * values[at]))
        assert found[at] == pytest.approx(so_far)


def test_nothing_to_correct():
    assert len(holm(np.array([]))) == 0
