"""Boxes of linear readers of columns as trained: they hold every state, and the checker accepts them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathbench.baselines.certifying import column_boxes
from mathbench.baselines.certifying.column_boxes import Boxes, LinearReader, boxes_as_trained
from mathbench.certificates import checker, document
from mathbench.errors import CheckFailed
from tests.certificates.adder import adder, claim, written


def reader_of(arrays, base, operands):
    """The reader of a hand-made network, with the truth about each column."""
    digits = np.stack(np.meshgrid(*[np.arange(base)] * operands, indexing="ij"), axis=-1).reshape(
        -1, operands
    )
    totals = digits.sum(axis=1) + np.arange(operands)[:, None]
    vectors = sum(arrays["digits"][i].astype(float)[digits[:, i]] for i in range(operands))
    names = ("carry", "feedback", "phases", "shift", "weight", "offset")
    weights = {name: arrays[name].astype(float) for name in names}
    truth = {"digit": totals % base, "following": totals // base}
    return LinearReader(vectors, **weights, claim=claim(base, operands), **truth)


def blurred(base=2, units=3, seed=0, size=0.05):
    """An adder whose further units hold noise that is forgotten, so that the states of a carry spread."""
    rng, arrays = np.random.default_rng(seed), adder(base)
    carry = np.zeros((units, units))
    carry[0, 0] = 1 / base
    carry[1:, 1:] = 0.4 * np.linalg.qr(rng.normal(size=(units - 1, units - 1)))[0]
    vectors = rng.normal(size=(2, base, units)) * 0.3
    vectors[:, :, 0] = np.arange(base)
    feedback = np.zeros((base, units))
    feedback[:, 0] = -np.arange(base) / base
    phases = size * rng.normal(size=(2, units))
    phases[:, 0] = arrays["phases"][:, 0]
    wide = {"digits": vectors, "carry": carry, "feedback": feedback, "phases": phases}
    return arrays | {name: value.astype(np.float32) for name, value in wide.items()}


def boxed(arrays, boxes, about):
    """The bytes of a certificate with other boxes."""
    return written({**arrays, **boxes.arrays()}, about)


@pytest.mark.parametrize("base", [2, 10])
def test_a_network_made_by_hand_is_proved_with_a_box_for_each_carry(base):
    arrays = adder(base)
    boxes = boxes_as_trained(reader_of(arrays, base, 2))
    assert boxes is not None and len(boxes.carries) == 2
    assert checker.check(document.parse(boxed(arrays, boxes, claim(base)))).covers_float32


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 99), st.sampled_from([0.05, 0.5, 2.0]))
def test_what_is_found_is_accepted_by_the_checker(seed, size):
    arrays = blurred(seed=seed, size=size)
    boxes = boxes_as_trained(reader_of(arrays, 2, 2))
    if boxes is not None:
        verdict = checker.check(document.parse(boxed(arrays, boxes, claim(2))))
        assert float(verdict.clearance) > column_boxes.CLEARANCE / 2


def test_a_blurred_network_needs_boxes_that_remember_columns():
    found = [boxes_as_trained(reader_of(blurred(seed=seed, size=2.0), 2, 2)) for seed in (4, 5)]
    assert all(boxes is not None and len(boxes.carries) > 2 for boxes in found)


@pytest.mark.parametrize("depth", [1, 2, 3])
@settings(max_examples=10, deadline=None)
@given(st.integers(0, 99))
def test_every_state_lies_in_the_box_that_the_table_names(depth, seed):
    """Random sums, read by the network; the boxes at every depth hold all states on the way."""
    reader = reader_of(blurred(seed=seed), 2, 2)
    whole, slack = column_boxes._boxes_of_carries(reader), column_boxes._slack(reader)
    boxes = column_boxes._divided(reader, whole, slack, depth)
    columns = np.random.default_rng(seed).integers(0, 4, 60)
    state, box, carry = np.zeros(3), 0, 0
    for column in columns:
        assert boxes.carries[box] == carry
        assert (np.abs(state - boxes.centres[box]) <= boxes.radii[box]).all()
        state = reader.images(state[None], np.array([carry]))[0, column]
        box, carry = boxes.table[box, column], reader.following[carry, column]
    assert len(boxes.carries) == 2 * 4**depth + sum(4**early for early in range(depth))


def test_a_network_that_says_a_wrong_digit_has_no_boxes():
    arrays = adder()
    arrays["phases"][:] *= 1.1
    assert boxes_as_trained(reader_of(arrays, 10, 2)) is None


@pytest.mark.parametrize("factor", [1.0, 3.0])
def test_a_network_that_forgets_nothing_has_no_boxes(factor):
    arrays = adder()
    arrays["carry"][:] = factor
    assert boxes_as_trained(reader_of(arrays, 10, 2)) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda b: b._replace(centres=b.centres + 0.3),
        lambda b: b._replace(radii=b.radii * 0.5),
        lambda b: b._replace(radii=b.radii + 1.0),
        lambda b: b._replace(carries=1 - b.carries),
        lambda b: b._replace(carries=np.where(np.arange(len(b.carries)) == 5, 1 - b.carries, b.carries)),
        lambda b: b._replace(table=np.roll(b.table, 1, axis=1)),
        lambda b: b._replace(table=np.roll(b.table, 1, axis=0)),
        lambda b: b._replace(table=np.zeros_like(b.table)),
    ],
)
def test_changed_boxes_are_refused(change):
    arrays = blurred(seed=1)
    reader = reader_of(arrays, 2, 2)
    whole, slack = column_boxes._boxes_of_carries(reader), column_boxes._slack(reader)
    boxes: Boxes = column_boxes._divided(reader, whole, slack, 2)
    assert checker.check(document.parse(boxed(arrays, boxes, claim(2))))
    with pytest.raises(CheckFailed):
        checker.check(document.parse(boxed(arrays, change(boxes), claim(2))))
