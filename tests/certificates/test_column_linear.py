"""Certificates of sums: one made by hand is proved, and every change of it is refused."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathbench.certificates import checker, column_linear, document
from mathbench.errors import CheckFailed, InputError
from tests.certificates.adder import adder, claim, written


def check(arrays, about):
    return checker.check(document.parse(written(arrays, about)))


@pytest.mark.parametrize(("base", "operands"), [(2, 2), (3, 2), (10, 2), (16, 2), (2, 4), (3, 3)])
def test_an_adder_made_by_hand_is_proved(base, operands):
    extra = 1 if operands <= base else 2
    verdict = check(adder(base, operands), claim(base, operands, extra=extra))
    assert verdict.claim == f"the sum of {operands} numbers in base {base} of any number of digits"
    assert verdict.transitions == operands * base**operands
    assert verdict.function == "sine" and verdict.covers_float32
    # a state within the radius leads to one within a share of it
    assert float(verdict.clearance) == pytest.approx(0.05 * (1 - 1 / base), abs=1e-5)
    near = 20 * (1 - math.cos(2 * math.pi / base))
    assert 0.5 * near < float(verdict.margin) < near


def test_a_statement_is_proved_by_the_same_network():
    assert check(adder(), claim(answer="label")).claim == (
        "whether a sum of 2 numbers in base 10 of any number of digits is right"
    )


CHANGES = [
    ("digits", (0, 7, 0), 8.0, "may leave box|may be another"),
    ("digits", (1, 0, 0), 1.0, "may leave box|may be another"),
    ("carry", (0, 0), 0.2, "may leave box"),
    ("carry", (0, 0), -0.1, "may leave box"),
    ("feedback", (3, 0), 0.3, "may leave box"),
    ("phases", (0, 0), 0.7, "the digit said after"),
    ("shift", 1, 0.0, "the digit said after"),
    ("weight", (4, 1), 40.0, "the digit said after"),
    ("offset", 0, 10.0, "the digit said after"),
    ("centres", (0, 0), 0.06, "the first state is not in the first box"),
    ("carries", 0, 1, "the first state is not in the first box, or its carry is not 0"),
    ("carries", 1, 0, "does not have the carry"),
    ("table", (0, 55), 0, "does not have the carry 1"),
    # a box of carry 1 over that of carry 0
    ("centres", (1, 0), 0.01, "leave box|may be another"),
    ("centres", (1, 0), 0.9, "may leave box|may be another"),
    ("radii", (0, 0), 0.0, "may leave box 0"),
    ("radii", (1, 0), 0.0, "may leave box 1"),
    ("radii", (0, 0), 0.6, "leave box 1|may be another"),
    ("phases", (0, 0), 1e9, "a phase is too large"),
]


@pytest.mark.parametrize(("name", "index", "value", "message"), CHANGES)
def test_every_changed_number_is_refused(name, index, value, message):
    arrays = adder()
    arrays[name][index] = value
    with pytest.raises(CheckFailed, match=message):
        check(arrays, claim())


def test_radii_below_zero_and_boxes_that_are_none_are_refused():
    for name, value, message in (
        ("radii", -0.05, "radii must not be negative"),
        ("table", 2, "table must have integers from 0 to 1. Received: 2"),
        ("table", -1, "table must have integers"),
        ("carries", 2, "carries must have integers from 0 to 1"),
    ):
        arrays = adder()
        arrays[name].flat[-1] = value
        with pytest.raises(InputError, match=message):
            check(arrays, claim())


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_refused(value):
    for name in adder().keys() - {"carries", "table"}:
        arrays = adder()
        arrays[name].flat[0] = value
        with pytest.raises(InputError, match="finite"):
            check(arrays, claim())


@pytest.mark.parametrize("about", [claim(base=9), claim(base=11), claim(operands=3), claim(operands=1)])
def test_another_claim_is_refused(about):
    with pytest.raises(InputError):
        check(adder(), about)


def test_a_network_for_another_base_is_refused():
    arrays = adder()
    arrays["phases"][:] = 2 * math.pi / 9
    with pytest.raises(CheckFailed, match="may be another"):
        check(arrays, claim())


@pytest.mark.parametrize(
    "content",
    [
        '{"base": 10, "operands": 2, "answer": "sum", "extra": 0}',
        '{"base": 10, "operands": 2, "answer": "product", "extra": 1}',
        '{"base": 10, "operands": true, "answer": "sum", "extra": 1}',
        '{"base": 10, "operands": 2, "answer": "sum"}',
        '{"base": 10, "operands": 2, "answer": "sum", "extra": 1, "more": 1}',
        '{"base": 10.0, "operands": 2, "answer": "sum", "extra": 1}',
        "[10, 2]",
        "",
        "[" * 100_000,
    ],
)
def test_a_claim_that_is_none_is_refused(content):
    with pytest.raises(InputError, match="the claim is not one of sums"):
        document.parse(document.write(column_linear.NETWORK, adder(), {"claim": content}))


def test_the_last_carry_must_fit_into_the_extra_columns():
    """Three numbers in base 2 carry up to 2, which takes two columns."""
    assert check(adder(2, 3), claim(2, 3, extra=2))
    with pytest.raises(InputError, match="not one of sums"):
        check(adder(2, 3), claim(2, 3, extra=1))


def test_too_much_work_is_refused_before_it_is_done():
    arrays = adder(36, 3)
    for name, axis in (("phases", 0), ("shift", 0), ("weight", 1)):
        arrays[name] = np.concatenate([arrays[name]] * 8, axis=axis)
    with pytest.raises(InputError, match="at most 60,000,000 products"):
        check(arrays, claim(36, 3))
    with pytest.raises(InputError, match="not one of sums"):
        check(adder(10), claim(10, 6))


def test_names_and_shapes_of_the_arrays_are_checked():
    for name in adder():
        missing, wrong = adder(), adder()
        del missing[name]
        wrong[name] = np.concatenate([wrong[name], wrong[name]])
        with pytest.raises(InputError, match="a certificate has the arrays"):
            check(missing, claim())
        with pytest.raises(InputError):
            check(wrong, claim())


def test_cut_files_are_refused():
    content = written(adder(2), claim(2))
    for end in range(0, len(content), 5):
        with pytest.raises(InputError):
            document.parse(content[:end])


def test_a_network_of_another_kind_is_refused():
    arrays, texts = adder(), column_linear.claim_texts(claim())
    for network in ("second-order-rnn", "column-gru", ""):
        with pytest.raises(InputError):
            document.parse(document.write(network, arrays, texts))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**40), st.integers(0, 10**40), st.sampled_from([2, 10]))
def test_the_sum_of_the_walk_through_the_boxes_is_the_sum(a, b, base):
    """What the theorem says of the hand-made network, computed with its exact numbers."""
    arrays = {name: value.astype(float) for name, value in adder(base).items()}
    total, state, place = 0, 0.0, 1
    while place <= base * max(a, b, 1):
        column = [n // place % base for n in (a, b)]
        inner = state + sum(arrays["digits"][number, digit, 0] for number, digit in enumerate(column))
        waves = np.sin(arrays["phases"][:, 0] * inner + arrays["shift"])
        said = int((arrays["weight"] @ waves).argmax())
        total, state = total + said * place, arrays["carry"][0, 0] * inner + arrays["feedback"][said, 0]
        place *= base
    assert total == a + b


def test_the_rounding_of_float32_is_bounded_from_below_by_what_it_is():
    """Steps in float32 differ from exact ones by at most the bound, and by more than a thousandth of it."""
    arrays = adder()
    verdict = check(arrays, claim())
    worst = 0.0
    for q in np.linspace(-0.05, 1.05, 40, dtype=np.float32):
        for a in range(10):
            for b in range(10):
                inner = np.float32(q + arrays["digits"][0, a, 0] + arrays["digits"][1, b, 0])
                step = np.float32(inner * arrays["carry"][0, 0]) + arrays["feedback"][3, 0]
                exact = (Fraction(float(q)) + a + b) * Fraction(float(arrays["carry"][0, 0]))
                exact += Fraction(float(arrays["feedback"][3, 0]))
                worst = max(worst, abs(float(Fraction(float(step)) - exact)))
    assert float(verdict.rounding) / 1000 < worst <= float(verdict.rounding)
